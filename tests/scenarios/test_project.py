# SPDX-License-Identifier: MIT
"""harness.toml: what it may hold, what is said of what it may not, and the boots of one with its reports."""

import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

import pytest

import ktap
import machine
import parallel
import project_file
import boot_results
from judge import Verdict
from boot_results import Result

PROJECT = [sys.executable, "-B", str(machine.ROOT / "tests" / "harness" / "project.py")]


def test_a_file_that_has_all():
    entries = project_file.parse("""
        build = "make"
        [defaults]
        source = "qemu"
        timeout = 5
        [[boot]]
        name = "a"
        kernel = "a.elf"
        build = "make a.elf"
        send = ["x", "y"]
        prompt = "$ "
        pass = ["b", "c"]
        no-serial = true
        timeout = 2.5
        qemu = ["-device", "x={folder}/y"]
        verdict = "panic"
        [[boot]]
        name = "b"
        send = [["login: ", "root"], ["$ ", "ls"]]
        cmdline = ["console=ttyS0", "-v"]
        matrix = { mem = ["128M", "1G"], smp = [1, 4], cpu = ["max"] }
        exclude = [{ mem = "1G", smp = 4 }]
    """, pathlib.Path("/p"))
    assert [entry.name for entry in entries] == ["a", "b-128M-1-max", "b-128M-4-max", "b-1G-1-max"]
    a, b, *_ = entries
    assert a.builds == ("make", "make a.elf") and a.verdict is Verdict.PANIC and a.line == 6
    assert (str(a.parsed.kernel), a.parsed.source, a.parsed.timeout) == ("a.elf", "qemu", 2.5)
    assert a.parsed.extra == ["-device", "x=/p/y"]
    assert a.parsed.replies == [("$ ", "x"), ("$ ", "y")] and a.parsed.passing == ["b", "c"] and a.parsed.serial is False
    assert b.builds == ("make",) and b.verdict is Verdict.PASSED and b.line == 17
    assert b.parsed.replies == [("login: ", "root"), ("$ ", "ls")] and b.parsed.words == ["console=ttyS0", "-v"]
    assert (b.parsed.memory, b.parsed.processors, b.parsed.cpu, b.parsed.timeout) == ("128M", 1, "max", 5.0)


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "no boot: give each a table"),
        ("boot = 1", "no boot: give each a table"),
        ("[[boot]\n", "line 1"),
        ("[[boots]]\n", "'boots' is not known; is it 'boot'?"),
        ('[[boot]]\nname = "x"\nkernl = "a"\n', "boot 'x': 'kernl' is not known; is it 'kernel'?"),
        ("boot = [1]", "no boot: give each a table"),
        ("defaults = 1\n[[boot]]\n", "defaults is a table"),
        ("[defaults]\nkernl = 1\n[[boot]]\n", "defaults: 'kernl' is not known; is it 'kernel'?"),
        ('[[boot]]\nname = "a/b"\n', "boot 'a/b': argument --name: 'a/b' is not accepted"),
        ("[[boot]]\ngdb = true\n", "boot 1: 'gdb' is not known"),
        ('[[boot]]\nmem = "1.5G"\n', "boot 1: argument --mem: '1.5G' is not accepted"),
        ('[[boot]]\nmem = ["1G", "2G"]\n', "several make a matrix"),
        ("[[boot]]\nno-serial = false\n", "give true, or leave it out"),
        ('[[boot]]\nno-serial = "yes"\n', "give true, or leave it out"),
        ("[[boot]]\nkernel = { a = 1 }\n", "give texts or numbers"),
        ("[[boot]]\nkernel = true\n", "give texts or numbers"),
        ('[[boot]]\nname = "a b"\n', "1 to 64 of"),
        ("[[boot]]\nname = 1\n", "name = 1 is no text"),
        ('[[boot]]\nverdict = "good"\n', "'good' is not one of passed, failed"),
        ("[[boot]]\nbuild = 1\n", "build = 1 is no text"),
        ("[[boot]]\nqemu = 1\n", "qemu = ["),
        ("[[boot]]\nmatrix = 1\n", "matrix = {"),
        ("[[boot]]\nmatrix = { mem = [] }\n", "matrix = {"),
        ("[[boot]]\nmatrix = { memory = [1] }\n", "'memory' is not known"),
        ("[[boot]]\nmatrix = { smp = [0] }\n", "from 1 to 255"),
        ("[[boot]]\nmatrix = { smp = [1] }\nexclude = 1\n", "exclude = ["),
        ("[[boot]]\nmatrix = { smp = [1] }\nexclude = [{ mem = 1 }]\n", "'mem' is not known"),
        ("[[boot]]\nmatrix = { smp = [1, 4] }\nexclude = [{ smp = \"4\" }]\n", "{'smp': '4'}] is no point of the matrix"),
        ('[[boot]]\nsend = "x"\n', "--send without --prompt"),
        ('[[boot]]\npass = "("\n', "regular expression"),
        ("[[boot]]\n[[boot]]\n", "two boots are named 'boot'"),
    ],
)
def test_what_is_rejected(text, words, tmp_path):
    (tmp_path / "harness.toml").write_text(text)
    with pytest.raises(machine.Unusable) as error:
        project_file.read(tmp_path / "harness.toml")
    assert words in str(error.value) and str(error.value).startswith(f"{tmp_path}/harness.toml: ")


def test_a_boot_without_a_name_has_that_of_its_file(tmp_path):
    for name, called in (("harness.toml", "boot"), ("my kernel.toml", "my_kernel")):
        (tmp_path / name).write_text("[[boot]]\n")
        assert [entry.name for entry in project_file.read(tmp_path / name)] == [called]


FOREIGN = sorted((machine.ROOT / "tests" / "foreign").glob("*.toml"))


@pytest.mark.parametrize("file", FOREIGN, ids=lambda file: file.stem)
def test_the_files_for_kernels_of_others(file):
    """`make test-foreign` boots them."""
    entries = project_file.read(file)
    assert len(file.read_text().splitlines()) <= 10
    assert entries[0].name.startswith(file.stem)
    assert all((file.parent / word).exists() for word in re.findall(r"\./[a-z0-9-]+\.sh", entries[0].builds[0]))
    assert f"`foreign/{file.name}`" in (machine.ROOT / "tests" / "README.md").read_text("utf-8")


FILE = f"""
build = "echo built >>built.txt && cp {machine.BUILD}/shell.elf ."
[defaults]
source = "qemu"
kernel = "shell.elf"
timeout = 30
prompt = "$ "
[[boot]]
name = "shell"
send = ["test", "say hello", "off"]
pass = "^hello$"
matrix = {{ mem = ["64M", "128M"], smp = [1, 2] }}
exclude = [{{ mem = "128M", smp = 2 }}]
[[boot]]
name = "panics"
send = ["say panic: on purpose"]
expect = "on purpose"
verdict = "panic"
[[boot]]
name = "fails"
send = ["say KTAP version 1", "say 1..1", "say not ok 1 a.b", "say ::error::x", "off"]
[[boot]]
name = "cannot"
build = "echo no compiler; false"
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run of it in another folder than the file's."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "their").mkdir()
    (folder / "their" / "harness.toml").write_text(FILE)
    words = ["--file", "their/harness.toml", "--junit", "out/junit.xml", "--ktap", "out/ktap.txt", "--github", "--jobs", "3"]
    return folder, subprocess.run([*PROJECT, *words], cwd=folder, capture_output=True, text=True, timeout=120)


GOOD = ["shell-64M-1", "shell-64M-2", "shell-128M-1", "panics"]


def test_a_run_of_all(ran):
    folder, done = ran
    assert done.returncode == 10, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "6 boots, 4 as they should be; not: fails, cannot"
    for name in GOOD:
        assert f"\nok     {name} " in "\n" + done.stdout
    assert "NOT OK fails " in done.stdout and "  not ok 1 a.b\n" in done.stdout
    assert "could not be run: `echo no compiler; false` exited with 1\n  no compiler\n" in done.stdout
    assert (folder / "their" / "built.txt").read_text() == "built\n"


def test_a_boot_is_repeated_by_its_command(ran):
    folder, done = ran
    repeat = next(line for line in done.stdout.splitlines() if "repeat: " in line).split("repeat: ")[1]
    again = subprocess.run(repeat, shell=True, capture_output=True, text=True, timeout=60)
    assert again.returncode == Verdict.FAILED.status, again.stdout + again.stderr
    assert "verdict: failed: not ok: a.b" in again.stdout


def test_its_junit(ran):
    suites = xml.etree.ElementTree.parse(ran[0] / "out" / "junit.xml").getroot()
    assert [suite.get("name") for suite in suites] == [*GOOD, "fails", "cannot"]
    cases = {f"{case.get('classname')}.{case.get('name')}": case for suite in suites for case in suite.iter("testcase")}
    assert {name for name, case in cases.items() if len(case)} == {"fails.a.b", "fails.verdict", "cannot.verdict"}
    assert "repeat: " in cases["fails.verdict"].find("failure").text
    for suite in suites:
        # As Ant's schema has it.
        assert [part.tag for part in suite if part.tag != "testcase"] == ["properties", "system-out", "system-err"]
        assert all(suite.get(name) for name in ("id", "package", "hostname")) and suite.find("system-out").text
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
        assert all(part.get("type") for case in suite.iter("testcase") for part in case)
    assert "no compiler" in cases["cannot.verdict"].find("error").get("message")
    assert [(suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in suites][-3:] == [
        ("1", "0", "0"), ("2", "2", "0"), ("1", "0", "1"),
    ]


def test_its_ktap(ran):
    report = ktap.parse((ran[0] / "out" / "ktap.txt").read_text())
    assert report.problems == []
    assert [case.name for case in report.failed] == ["fails.a.b", "fails.verdict", "cannot.verdict"]
    assert [case.name for case in report.cases if case.passed][:2] == ["shell-64M-1.shell", "shell-64M-1.verdict"]


def test_its_annotations(ran):
    """What a kernel says is none."""
    lines = ran[1].stdout.splitlines()
    commands = [line for line in lines if line.startswith("::")]
    stop, go_on, *annotations = commands
    assert stop == f"::stop-commands::{go_on.strip(':')}" and lines.index(stop) < lines.index("  ::error::x") < lines.index(go_on)
    assert annotations[0].startswith("::error file=their/harness.toml,line=19,title=fails::failed: not ok: a.b")
    assert annotations[1].startswith("::error file=their/harness.toml,line=22,title=cannot::could not be run: ")


def test_its_cases_are_tests_of_pytest(ran):
    """In a process of its own, into which nothing of the harness comes but the plugin."""
    folder = ran[0] / "their"
    (folder / "test_their.py").write_text("import sys\ndef test_theirs():\n    assert 'judge' not in sys.modules\n")
    environment = {**os.environ, "PYTHONPATH": str(machine.ROOT / "tests" / "harness" / "plugin")}
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-p", "pytest_boots", "-p", "no:cacheprovider", "-rA"], cwd=folder,
        env=environment, capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    for name in ("harness.toml::shell-64M-1::shell", "harness.toml::panics::verdict", "test_their.py::test_theirs"):
        assert f"\nPASSED {name}\n" in done.stdout, done.stdout
    for name in ("fails::a.b", "fails::verdict", "cannot::verdict"):
        assert f"\nFAILED harness.toml::{name}" in done.stdout
    assert "\nrepeat: " in done.stdout and "no compiler" in done.stdout
    assert "3 failed, 8 passed" in done.stdout


def test_a_file_that_cannot_be_read_is_an_error_of_pytests(tmp_path):
    (tmp_path / "harness.toml").write_text("[[boots]]\n")
    environment = {**os.environ, "PYTHONPATH": str(machine.ROOT / "tests" / "harness" / "plugin")}
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-p", "pytest_boots", "-p", "no:cacheprovider"], cwd=tmp_path, env=environment,
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 2 and "'boots' is not known; is it 'boot'?" in done.stdout


@pytest.mark.parametrize("words, names", [((), [*GOOD, "fails", "cannot"]), (("shell-*-2", "panics"), ["shell-64M-2", "panics"])])
def test_boots_are_chosen_by_name(ran, words, names):
    done = subprocess.run([*PROJECT, "--list", *words], cwd=ran[0] / "their", capture_output=True, text=True)
    assert done.stdout.split() == names


@pytest.mark.parametrize(
    "words, said",
    [(("x*",), "no boot is named 'x*'"), (("--file", "no.toml"), "cannot read"), (("--jobs", "0"), "from 1 to 255")],
)
def test_wrong_usage(ran, words, said):
    done = subprocess.run([*PROJECT, *words], cwd=ran[0] / "their", capture_output=True, text=True)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_report_that_cannot_be_written(ran):
    done = subprocess.run([*PROJECT, "shell-64M-1", "--junit", "/dev/full"], cwd=ran[0] / "their", capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.endswith(": /dev/full: No space left on device\n"), done.stderr


def test_a_boot_that_fails_for_another_reason_than_it_is_to(ran):
    text = FILE.replace('expect = "on purpose"', 'expect = "no root"')
    (ran[0] / "their" / "other.toml").write_text(text)
    words = ["--file", "other.toml", "panics"]
    done = subprocess.run([*PROJECT, *words], cwd=ran[0] / "their", capture_output=True, text=True)
    assert done.returncode == 10 and "it was to end with `panic` and to say 'no root'" in done.stdout, done.stdout


def test_two_runs_in_one_tree_build_one_after_the_other(tmp_path):
    """And each judges its own boots, and says what it waits for."""
    build = "[ ! -e building ] && touch building && sleep 0.3 && rm building"
    text = f'build = "{build}"\n[[boot]]\nname = "two-runs"\nsource = "qemu"\nkernel = "{machine.BUILD}/example.elf"\n'
    (tmp_path / "harness.toml").write_text(text)
    pipe = subprocess.PIPE
    runs = [subprocess.Popen(PROJECT, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) for _ in range(3)]
    ended = [(process.communicate(timeout=60), process.returncode) for process in runs]
    assert all(status == 0 for _, status in ended), ended
    assert any("another run builds in " in errors for (_, errors), _ in ended), ended


def test_what_xml_cannot_have_is_replaced():
    result = Result("a", False, "said \ufffe", cases=[ktap.Case("b\x01", ktap.Outcome.FAILED, "<&\x1b")], details="\ud800")
    suite = xml.etree.ElementTree.fromstring(boot_results.junit([result]).partition("\n")[2])[0]
    cases = list(suite.iter("testcase"))
    assert [case.get("name") for case in cases] == ["b\ufffd", "verdict"] and cases[0][0].text == "<&\ufffd"


def test_what_was_to_fail_fails_nothing():
    result = Result("a", True, "failed: as it should", cases=[ktap.Case("b", ktap.Outcome.FAILED)])
    assert "<failure" not in boot_results.junit([result]) and ktap.parse(boot_results.as_ktap([result])).failed == []


def test_one_that_cannot_be_run_leaves_the_others():
    def work(task):
        if task == 2:
            raise OSError(28, "No space left on device", "log")
        if task == 3:
            raise machine.Unusable("no")
        return task

    seen = []
    outcomes = parallel.run([1, 2, 3, 4], work, 2, lambda task, outcome: seen.append(task))
    assert outcomes[0] == 1 and outcomes[3] == 4 and sorted(seen) == [1, 2, 3, 4]
    assert [str(outcome) for outcome in outcomes[1:3]] == ["log: No space left on device", "no"]
