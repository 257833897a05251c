"""The code block that `--extract` prints."""

import pytest

from ymera_service.cli.render.code import last_code_block


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("no code, only `x`", ""),
        ("```python\nprint(1)\n```\n", "print(1)\n"),
        ("First:\n```\none\n```\nthen:\n~~~ sh\ntwo\n~~~\nDone.", "two\n"),
        ("````markdown\n```sh\nls\n```\n````\n", "```sh\nls\n```\n"),
        ("```\ncut o", "cut o"),
        ("```one line```\nno block", ""),
        ("```\n    ```\nindented\n``` not an end\n```", "    ```\nindented\n``` not an end\n"),
        ("```\n~~~\n```", "~~~\n"),
    ],
)
def test_the_last_code_block_is_found(answer: str, code: str) -> None:
    assert last_code_block(answer) == code
