"""Files of the user's own tasks."""

from pathlib import Path

import pytest
from ymera.v1.content_pb2 import ROLE_ASSISTANT, ROLE_SYSTEM, ROLE_USER

from ymera_service.cli.problems import WRONG, CommandFailed
from ymera_service.cli.suites import own_suite

TALK = """{"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Who?"}], "contains": ["Ada", "Bo"]}"""


def written(path: Path, *lines: str) -> Path:
    file = path / "my tasks.jsonl"
    file.write_bytes("\r\n".join(lines).encode())
    return file


def test_a_line_is_a_task(tmp_path: Path) -> None:
    lines = (
        '{"prompt": "Days?", "answer": 30.50}',
        "",
        '{"prompt": "Queue?\u2028Say.", "answers": ["billing", "b"], "answer": "x", "choices": ["b", "x", "billing"]}',
        TALK.replace("\n", ""),
        '{"prompt": "Say Ada", "contains": "Ada"}',
    )
    suite = own_suite(written(tmp_path, *lines), "support")
    assert (suite.name, suite.category) == ("my tasks", "support")
    days, queue, talk, ada = suite.tasks
    assert [(each.role, each.parts[0].text) for each in days.messages] == [(ROLE_USER, "Days?")]
    assert list(days.answers) == ["30.50"]
    assert (list(queue.answers), list(queue.choices)) == (["x", "billing", "b"], ["b", "x", "billing"])
    assert queue.messages[0].parts[0].text == "Queue?\u2028Say."
    assert [each.role for each in talk.messages] == [ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_USER]
    assert (list(talk.answers), list(talk.contains)) == ([], ["Ada", "Bo"])
    assert list(ada.contains) == ["Ada"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("nonsense", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "is not a JSON object"),
        ('{"prompt": "Hi", "answer": "\\ud800"}', "holds half of a character"),
        ('{"prompt": "Hi", "expected": "x"}', "'expected' is not a field of a task"),
        ('{"answer": "x"}', "prompt: is required"),
        ('{"prompt": "Hi"}', "answer: is required"),
        ('{"prompt": "Hi", "choices": ["x"]}', "answer: is required"),
        ('{"prompt": {"text": "Hi"}, "answer": "x"}', "prompt: has to be a text"),
        ('{"prompt": [], "answer": "x"}', "prompt: has to be a text"),
        ('{"prompt": [{"role": "tool", "content": "Hi"}], "answer": "x"}', "prompt: has to be a text"),
        ('{"prompt": [{"role": [], "content": "Hi"}], "answer": "x"}', "prompt: has to be a text"),
        ('{"prompt": [{"role": "user", "content": null}], "answer": "x"}', "prompt: has to be a text"),
        ('{"prompt": "Hi", "answer": true}', "answer: has to be a text or a number"),
        ('{"prompt": "Hi", "answer": ["x"]}', "answer: has to be a text or a number"),
        ('{"prompt": "Hi", "answers": []}', "answers: has to be a text, or a list"),
        ('{"prompt": "Hi", "answers": [" "]}', "answers: has to be a text that is not empty"),
        ('{"prompt": "Hi", "contains": {"a": 1}}', "contains: has to be a text, or a list"),
    ],
)
def test_a_fault_is_named_with_its_line_and_field(tmp_path: Path, line: str, fault: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        own_suite(written(tmp_path, '{"prompt": "Hi", "answer": "x"}', "", line), "support")
    assert f"my tasks.jsonl, line 3: {fault}" in caught.value.problem.message
    assert caught.value.problem.exit_code == WRONG


def test_a_file_has_tasks(tmp_path: Path) -> None:
    for content in (" \n", ""):
        with pytest.raises(CommandFailed, match="has no tasks"):
            own_suite(written(tmp_path, content), "support")
    with pytest.raises(CommandFailed, match="can't be read"):
        own_suite(tmp_path / "missing.jsonl", "support")
