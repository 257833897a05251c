"""How languages with braces, and shells, say what the small language of `catalogue` says."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Language:
    """The wording of one language, as templates.

    Attributes:
        types: The small language's types → this language's.
        function: Head of a function, of `name`, `parameters` and `result`.
        declare: A new variable, of `type`, `name` and `value`.
        loop: A counting loop, of `name`, `start` and `stop`.
        test: Head of `if` and `while`, of `word` and `condition`.
        show: Printing, of `value` and, for languages that need it, `format`.
        frame: The whole program, of `functions` and `main`.
        reverse: A function that turns a text round, where the language has none.
        members: Functions stand inside a class, one level in.
    """

    name: str
    fence: str
    asked_by: str
    types: Mapping[str, str]
    parameter: str
    function: str
    declare: str
    loop: str
    test: str
    show: str
    frame: str
    length: str
    list_of: str
    reversed_text: str
    reverse: str = ""
    end: str = ";"
    equals: str = "=="
    texts_equal: str = "{left} == {right}"
    floor_divide: str = "{left} / {right}"
    text: str = '"{text}"'
    argument: str = "{name}"
    formats: Mapping[str, str] = field(default_factory=dict)
    members: bool = False
    camel: bool = True


_BRACE = "{{"
_NUMBERS = {"int": "int", "bool": "bool", "str": "string"}

GO = Language(
    "Go",
    "go",
    r"\bgo(?:lang)?\b",
    {**_NUMBERS, "list[int]": "[]int", "None": ""},
    "{name} {type}",
    "func {name}({parameters}) {result}",
    "{name} := {value}",
    "for {name} := {start}; {name} < {stop}; {name}++",
    "{word} {condition}",
    "fmt.Println({value})",
    'package main\n\nimport "fmt"\n\n{functions}func main() {{\n{main}}}\n',
    "len({value})",
    "[]int{{{items}}}",
    "reverse({value})",
    "func reverse(text string) string {\n\trunes := []rune(text)\n\tfor i, j := 0, len(runes)-1; i < j; i, j = "
    "i+1, j-1 {\n"
    "\t\trunes[i], runes[j] = runes[j], runes[i]\n\t}\n\treturn string(runes)\n}\n\n",
    end="",
)
JAVASCRIPT = Language(
    "JavaScript",
    "javascript",
    r"\b(?:javascript|js|node(?:\.?js)?)\b",
    {"int": "", "bool": "", "str": "", "list[int]": "", "None": ""},
    "{name}",
    "function {name}({parameters})",
    "let {name} = {value}",
    "for (let {name} = {start}; {name} < {stop}; {name}++)",
    "{word} ({condition})",
    "console.log({value})",
    "{functions}{main}",
    "{value}.length",
    "[{items}]",
    '[...{value}].reverse().join("")',
    equals="===",
    texts_equal="{left} === {right}",
    floor_divide="Math.floor({left} / {right})",
)
TYPESCRIPT = Language(
    "TypeScript",
    "typescript",
    r"\b(?:typescript|ts)\b",
    {"int": "number", "bool": "boolean", "str": "string", "list[int]": "number[]", "None": "void"},
    "{name}: {type}",
    "function {name}({parameters}): {result}",
    "let {name}: {type} = {value}",
    "for (let {name} = {start}; {name} < {stop}; {name}++)",
    "{word} ({condition})",
    "console.log({value})",
    "{functions}{main}",
    "{value}.length",
    "[{items}]",
    '[...{value}].reverse().join("")',
    equals="===",
    texts_equal="{left} === {right}",
    floor_divide="Math.floor({left} / {right})",
)
JAVA = Language(
    "Java",
    "java",
    r"\bjava\b",
    {"int": "int", "bool": "boolean", "str": "String", "list[int]": "int[]", "None": "void"},
    "{type} {name}",
    "static {result} {name}({parameters})",
    "{type} {name} = {value}",
    "for (int {name} = {start}; {name} < {stop}; {name}++)",
    "{word} ({condition})",
    "System.out.println({value})",
    "public class Main {{\n{functions}    public static void main(String[] args) {{\n{main}    }}\n}}\n",
    "{value}.length",
    "{{{items}}}",
    "new StringBuilder({value}).reverse().toString()",
    texts_equal="{left}.equals({right})",
    members=True,
)
C = Language(
    "C",
    "c",
    r"\bc\b(?![+#])",
    {"int": "int", "bool": "bool", "str": "const char *", "list[int]": "int *", "None": "void"},
    "{type} {name}",
    "static {result} {name}({parameters})",
    "{type} {name} = {value}",
    "for (int {name} = {start}; {name} < {stop}; {name}++)",
    "{word} ({condition})",
    'printf("{format}\\n", {value})',
    "#include <stdbool.h>\n#include <stdio.h>\n#include <string.h>\n\n{functions}int main(void) {{\n{main}    "
    "return 0;\n}}\n",
    "{value}_length",
    "{{{items}}}",
    "reverse({value})",
    "static const char *reverse(const char *text) {\n    static char reversed[256];\n    size_t length = "
    "strlen(text);\n"
    "    for (size_t i = 0; i < length && length < sizeof reversed; i++) {\n        reversed[i] = text[length - "
    "1 - i];\n    }\n"
    "    reversed[length < sizeof reversed ? length : 0] = '\\0';\n    return reversed;\n}\n\n",
    texts_equal="strcmp({left}, {right}) == 0",
    formats={"int": "%d", "bool": "%s", "str": "%s"},
    camel=False,
)
RUST = Language(
    "Rust",
    "rust",
    r"\brust\b",
    {"int": "i64", "bool": "bool", "str": "&str", "list[int]": "&mut [i64]", "None": ""},
    "{name}: {type}",
    "fn {name}({parameters}){result}",
    "let {name}: {type} = {value}",
    "for {name} in {start}..{stop}",
    "{word} {condition}",
    'println!("{{}}", {value})',
    "{functions}fn main() {{\n{main}}}\n",
    "{value}.len() as i64",
    "[{items}]",
    "{value}.chars().rev().collect::<String>()",
    argument="&mut {name}",
    camel=False,
)

BRACES = (GO, JAVASCRIPT, TYPESCRIPT, JAVA, C, RUST)
