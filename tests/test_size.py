"""Functions of at most 60 lines, files of at most 400."""

from tests.source_rules import ROOT, size_faults

FOLDERS = ("universalde", "tests", "bench", "docs", "examples")


def test_no_function_or_file_is_too_long():
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf8") for path in paths}
    assert sources
    assert [fault for path, source in sources.items() for fault in size_faults(path, source)] == []


def test_a_function_of_61_lines_is_found_and_one_of_60_is_not():
    def function_of(lines):
        return "def long():\n" + "    pass\n" * (lines - 1)

    assert size_faults("universalde/x.py", function_of(60)) == []
    assert len(size_faults("universalde/x.py", function_of(61))) == 1


def test_a_long_method_in_a_class_is_found():
    assert size_faults("universalde/x.py", "class A:\n    async def long(self):\n" + "        pass\n" * 60)


def test_a_file_of_401_lines_is_found_unless_it_is_a_table():
    assert size_faults("universalde/x.py", "a = 1\n" * 400) == []
    assert len(size_faults("universalde/x.py", "a = 1\n" * 401)) == 1
    assert size_faults("universalde/tableaus/explicit.py", "a = 1\n" * 401) == []
