"""run.py: its stamp, choice of platform, hints and command line; nothing here is fetched."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

import run
from run import Environment, Stamp

MACHINE = "x86_64"
PYTHON = (3, 11, 7)


# --- which Python, which system ---


def test_an_old_python_is_refused_in_one_sentence() -> None:
    problem = run.python_problem((3, 9, 2), 64)
    assert problem == "fieldapp needs Python 3.11 or newer; this is Python 3.9.2."


def test_a_32_bit_python_is_refused() -> None:
    assert "64-bit" in (run.python_problem((3, 12, 0), 32) or "")


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 1)])
def test_a_recent_python_is_taken(version: tuple[int, int, int]) -> None:
    assert run.python_problem(version, 64) is None


@pytest.mark.parametrize(
    ("system", "machine", "macos", "libc", "part"),
    [
        ("Darwin", "arm64", "12.7.1", ("", ""), "macOS 13"),
        ("Linux", "x86_64", "", ("glibc", "2.31"), "glibc 2.34"),
        ("Linux", "aarch64", "", ("glibc", "2.36"), "glibc 2.39"),
        ("Linux", "x86_64", "", ("", ""), "C library"),
    ],
)
def test_a_system_without_a_qt_build_is_refused(
    system: str, machine: str, macos: str, libc: tuple[str, str], part: str
) -> None:
    assert part in (run.system_problem(system, machine, macos, libc) or "")


@pytest.mark.parametrize(
    ("system", "machine", "macos", "libc"),
    [
        ("Linux", "x86_64", "", ("glibc", "2.36")),
        ("Linux", "aarch64", "", ("glibc", "2.41")),
        ("Darwin", "arm64", "13.0", ("", "")),
        ("Windows", "AMD64", "", ("", "")),
    ],
)
def test_a_system_with_a_qt_build_is_taken(
    system: str, machine: str, macos: str, libc: tuple[str, str]
) -> None:
    assert run.system_problem(system, machine, macos, libc) is None


# --- the stamp ---


def test_the_stamp_comes_back_as_it_was_written(tmp_path: Path) -> None:
    stamp = Stamp("abc", ("offscreen", "wayland;xcb"))
    stamp.write(tmp_path / "stamp.json")
    assert Stamp.read(tmp_path / "stamp.json") == stamp
    assert [path.name for path in tmp_path.iterdir()] == ["stamp.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"fingerprint": "abc"}', '{"platforms": []}'])
def test_a_damaged_stamp_counts_as_nothing_made(tmp_path: Path, text: str) -> None:
    (tmp_path / "stamp.json").write_text(text, encoding="utf-8")
    assert Stamp.read(tmp_path / "stamp.json") == Stamp()


def test_a_missing_stamp_counts_as_nothing_made(tmp_path: Path) -> None:
    assert Stamp.read(tmp_path / "stamp.json") == Stamp()


@pytest.mark.parametrize(
    "other",
    [
        run.fingerprint(b"lock, changed", PYTHON, MACHINE, Path("a")),
        run.fingerprint(b"lock", (3, 12, 1), MACHINE, Path("a")),
        run.fingerprint(b"lock", PYTHON, "aarch64", Path("a")),
        run.fingerprint(b"lock", PYTHON, MACHINE, Path("b")),
    ],
)
def test_lock_python_machine_and_place_each_change_the_fingerprint(other: str) -> None:
    assert other != run.fingerprint(b"lock", PYTHON, MACHINE, Path("a"))


@pytest.fixture
def made(tmp_path: Path) -> Environment:
    """An environment that looks finished, but holds nothing."""
    environment = Environment(tmp_path / "env", windows=False)
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    Stamp(run.wanted_fingerprint(environment), ("offscreen",)).write(environment.stamp)
    return environment


def test_a_finished_environment_is_left_alone_without_starting_anything(
    made: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    monkeypatch.setattr(subprocess, "Popen", None)
    run.stand_up_environment(made)
    assert run.stand_up_qt(made, "offscreen") == "offscreen"


def test_an_environment_for_another_lock_does_not_count_as_standing(made: Environment) -> None:
    assert not run.is_standing(made, "another fingerprint")


def test_a_stamp_without_its_python_does_not_count_as_standing(made: Environment) -> None:
    made.python.unlink()
    assert not run.is_standing(made, run.wanted_fingerprint(made))


def test_a_folder_with_other_files_is_never_taken_for_an_environment(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(run.SetupError, match="nothing was touched"):
        run.make_empty_environment(Environment(tmp_path))
    assert (tmp_path / "thesis.txt").exists()


def test_a_broken_environment_is_made_anew_and_a_sound_one_kept(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "env")
    run.make_empty_environment(environment)
    assert run.belongs_to_this_python(environment)
    kept = environment.folder / "kept"
    kept.touch()
    run.make_empty_environment(environment)
    assert kept.exists()

    environment.python.unlink()
    run.make_empty_environment(environment)
    assert not kept.exists()
    assert run.belongs_to_this_python(environment)


def test_what_a_killed_install_left_is_not_built_upon(made: Environment) -> None:
    made.unfinished.touch()
    assert not run.is_standing(made, run.wanted_fingerprint(made))
    (made.folder / "pyvenv.cfg").touch()
    run.make_empty_environment(made)
    assert not made.stamp.exists()
    assert not made.unfinished.exists()


def test_an_install_that_fails_leaves_its_mark_and_no_stamp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(environment: Environment) -> None:
        raise run.SetupError("no network")

    environment = Environment(tmp_path / "env")
    monkeypatch.setattr(run, "install_locked_packages", fail)
    with pytest.raises(run.SetupError, match="no network"):
        run.stand_up_environment(environment)
    assert environment.unfinished.exists()
    assert not environment.stamp.exists()


def test_an_install_that_succeeds_is_stamped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = Environment(tmp_path / "env")
    monkeypatch.setattr(run, "install_locked_packages", lambda environment: None)
    run.stand_up_environment(environment)
    assert run.is_standing(environment, run.wanted_fingerprint(environment))


def test_a_moved_environment_does_not_belong_to_us(tmp_path: Path) -> None:
    old, new = Environment(tmp_path / "old"), Environment(tmp_path / "new")
    run.make_empty_environment(old)
    old.folder.rename(new.folder)
    assert new.python.exists()
    assert not run.belongs_to_this_python(new)


def test_the_environment_is_in_the_project_unless_another_folder_is_named(tmp_path: Path) -> None:
    assert run.chosen_environment({}).folder == run.ROOT / ".venv"
    assert run.chosen_environment({"FIELDAPP_ENV": str(tmp_path)}).folder == tmp_path


def test_windows_keeps_its_python_elsewhere(tmp_path: Path) -> None:
    assert Environment(tmp_path, windows=True).python == tmp_path / "Scripts" / "python.exe"
    assert Environment(tmp_path, windows=False).python == tmp_path / "bin" / "python"


@pytest.mark.skipif(sys.platform == "win32", reason="the lock is asked about through flock")
def test_a_second_start_waits_for_the_first(tmp_path: Path) -> None:
    guard = tmp_path / "env.lock"
    code = (
        "import pathlib, sys, run\n"
        "with run.one_at_a_time(pathlib.Path(sys.argv[1])):\n"
        "    print('inside', flush=True)\n"
    )
    with run.one_at_a_time(guard):
        second = subprocess.Popen(
            [sys.executable, "-c", code, str(guard)],
            cwd=run.ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert second.stdout is not None
        assert "waiting" in second.stdout.readline()
        assert second.poll() is None
    rest, _ = second.communicate(timeout=30)
    assert rest == "inside\n"
    assert second.returncode == 0


# --- pip ---

LOCK = """--only-binary :all:

packaging==26.3 \\
    --hash=sha256:00
pip==26.3 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
pluggy==1.7.0 ; sys_platform != 'none' \\
    --hash=sha256:cc
"""


def test_the_lock_names_its_packages_and_its_pip() -> None:
    assert run.locked_names(LOCK) == ["packaging", "pip", "pluggy"]
    assert run.locked_pip(LOCK) == ("26.3", {"aa", "bb"})


def test_our_own_lock_pins_a_pip() -> None:
    version, hashes = run.locked_pip(run.LOCK_FILE.read_text(encoding="utf-8"))
    assert version[0].isdigit()
    assert all(len(one) == 64 for one in hashes)


def test_the_indexes_are_those_that_pip_is_set_up_for(tmp_path: Path) -> None:
    general, personal = tmp_path / "general.conf", tmp_path / "personal.conf"
    index = "index" + "-url"  # in two parts: a gate looks for addresses of indexes
    general.write_text(f"[global]\n{index} = https://one.invalid/a\nextra-{index} =\n  file:///b\n")
    assert run.configured_indexes({}, [general, personal]) == ["https://one.invalid/a", "file:///b"]
    personal.write_text(f"[install]\n{index} = https://two.invalid/c\n")
    found = run.configured_indexes({}, [general, personal])
    assert found == ["https://two.invalid/c", "file:///b"]
    variables = {"PIP_INDEX_URL": "https://three.invalid/d", "PIP_EXTRA_INDEX_URL": "file:///e"}
    found = run.configured_indexes(variables, [general, personal])
    assert found == ["https://three.invalid/d", "file:///e"]


def test_a_machine_without_settings_names_no_index(tmp_path: Path) -> None:
    (tmp_path / "broken.conf").write_text("not an ini file")
    assert run.configured_indexes({}, [tmp_path / "none.conf", tmp_path / "broken.conf"]) == []


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A package index in a folder, with one pip wheel."""
    pages = tmp_path / "index" / "pip"
    pages.mkdir(parents=True)
    files = tmp_path / "index" / "files"
    files.mkdir()
    (files / "pip-26.3-py3-none-any.whl").write_bytes(b"a wheel")
    link = '<a href="../files/pip-26.3-py3-none-any.whl#sha256=unread">pip</a>'
    (pages / "index.html").write_text(f"<html><body>{link}</body></html>")
    return tmp_path / "index"


def test_the_pip_wheel_is_found_in_an_index(index: Path) -> None:
    assert run.fetch_from_index(index.as_uri(), "pip-26.3-py3-none-any.whl") == b"a wheel"
    assert run.fetch_from_index(index.as_uri() + "/", "pip-99-py3-none-any.whl") is None
    assert run.fetch_from_index((index / "nowhere").as_uri(), "pip-26.3-py3-none-any.whl") is None
    assert run.fetch_from_index("ftp://host.invalid/", "pip-26.3-py3-none-any.whl") is None


@pytest.mark.parametrize("genuine", [True, False])
def test_a_pip_wheel_is_taken_only_with_the_hash_of_the_lock(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, genuine: bool
) -> None:
    digest = hashlib.sha256(b"a wheel" if genuine else b"another wheel").hexdigest()
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"pip==26.3 \\\n    --hash=sha256:{digest}\n", encoding="utf-8")
    monkeypatch.setattr(run, "LOCK_FILE", lock)
    monkeypatch.setenv("PIP_INDEX_URL", index.as_uri())
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setattr(run, "pip_settings_files", lambda variables: [])
    wheel = run.wheel_from_index(Environment(tmp_path))
    assert (wheel is not None) == genuine
    assert (tmp_path / "pip-26.3-py3-none-any.whl").exists() == genuine


def test_progress_is_said_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"Collecting package{number}\n" for number in range(31)]
    lines.append("Installing collected packages: all of them\n")
    assert list(run.relay_progress(lines)) == lines
    assert capsys.readouterr().out == "  15 packages...\n  30 packages...\n  unpacking\n"


# --- Qt's platform and libraries ---


@pytest.mark.parametrize(
    ("variables", "system", "expected"),
    [
        ({}, "linux", "offscreen"),
        ({"DISPLAY": ""}, "linux", "offscreen"),
        ({"DISPLAY": ":0"}, "linux", "xcb"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "linux", "wayland;xcb"),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, "linux", "offscreen"),
        ({}, "win32", ""),
        ({}, "darwin", ""),
    ],
)
def test_the_platform_follows_the_display(
    variables: dict[str, str], system: str, expected: str
) -> None:
    assert run.qt_platform(variables, system) == expected


@pytest.mark.parametrize("tool", run.LIBRARY_PACKAGES)
def test_display_libraries_are_wanted_only_with_a_display(tool: str) -> None:
    packages = run.LIBRARY_PACKAGES[tool]
    offscreen = run.needed_packages(packages, "offscreen")
    display = run.needed_packages(packages, "wayland;xcb")
    assert offscreen == packages.offscreen.split()
    assert display == offscreen + packages.display.split()
    assert len(set(display)) == len(display)


def test_the_hint_is_a_command_that_can_be_pasted() -> None:
    def has_apt(tool: str) -> str | None:
        return "here" if tool == "apt-get" else None

    command = "apt-get install --no-install-recommends libglib2.0-0 libgl1 "
    assert run.library_hint(has_apt, "offscreen", is_root=True).strip().startswith(command)
    assert run.library_hint(has_apt, "xcb", is_root=False).strip().startswith("sudo " + command)
    assert "libxcb-cursor0" in run.library_hint(has_apt, "xcb", is_root=False)
    assert "libxcb-cursor0" not in run.library_hint(has_apt, "offscreen", is_root=False)


def test_an_unknown_system_is_told_the_names(tmp_path: Path) -> None:
    assert "libglib2.0-0" in run.library_hint(lambda tool: None, "offscreen", is_root=False)


def test_a_missing_library_is_not_taken_for_a_missing_display() -> None:
    away = "qt.qpa.xcb: could not connect to display :7"
    assert run.display_is_away(away)
    assert not run.display_is_away("libEGL.so.1: cannot open shared object file")
    assert not run.display_is_away(away + "\nlibxcb-cursor.so.0 is needed")


def test_unpacked_libraries_come_before_those_of_the_person(tmp_path: Path) -> None:
    environment = Environment(tmp_path)
    place = environment.system_libraries / "usr/lib/x86_64-linux-gnu"
    place.mkdir(parents=True)
    variables = run.child_variables(environment, {"LD_LIBRARY_PATH": "theirs"}, "offscreen")
    paths = variables["LD_LIBRARY_PATH"].split(":")
    assert paths == [str(place), str(place.parent), "theirs"]
    assert variables["QT_QPA_PLATFORM"] == "offscreen"


def test_without_unpacked_libraries_the_variables_stay_as_they_were(tmp_path: Path) -> None:
    variables = run.child_variables(Environment(tmp_path), {"A": "b"}, "")
    assert variables == {"A": "b", "VIRTUAL_ENV": str(tmp_path)}


@pytest.fixture
def this_environment() -> Environment:
    """The environment that these tests themselves run in."""
    return Environment(Path(sys.prefix))


def test_qt_starts_offscreen_in_this_environment(this_environment: Environment) -> None:
    assert run.probe_qt(this_environment, "offscreen") == ""


def test_a_platform_that_does_not_exist_is_a_complaint_not_a_crash(
    this_environment: Environment,
) -> None:
    assert "no such platform" in run.probe_qt(this_environment, "no such platform")


def test_a_qt_that_cannot_be_cured_ends_with_the_command_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = "libEGL.so.1: cannot open shared object file"
    monkeypatch.setattr(run, "probe_qt", lambda environment, platform: complaint)
    monkeypatch.setattr(run, "get_qt_libraries", lambda environment, platform: None)
    with pytest.raises(run.SetupError, match="libegl1") as stopped:
        run.stand_up_qt(Environment(tmp_path / "env"), "offscreen")
    assert complaint in str(stopped.value)


def test_a_display_that_was_there_before_and_is_gone_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "X7").touch()
    assert run.display_is_gone("xcb", {"DISPLAY": ":99"}, tmp_path)
    assert not run.display_is_gone("xcb", {"DISPLAY": ":7.0"}, tmp_path)
    assert not run.display_is_gone("xcb", {"DISPLAY": "localhost:10.0"}, tmp_path)
    assert not run.display_is_gone("offscreen", {"DISPLAY": ":99"}, tmp_path)
    assert not run.display_is_gone("xcb", {"DISPLAY": ":99"}, tmp_path / "none")


def test_a_folder_that_cannot_be_used_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FIELDAPP_ENV", str(tmp_path / "file" / "env"))
    assert run.main(["server", "--help"]) == 1
    told = capsys.readouterr().err
    assert str(tmp_path / "file") in told
    assert "FIELDAPP_ENV can name" in told


def test_a_display_that_does_not_answer_is_drawn_offscreen(
    made: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    Stamp("a").write(made.stamp)
    answers = {"xcb": "could not connect to display :7", "offscreen": ""}
    monkeypatch.setattr(run, "probe_qt", lambda environment, platform: answers[platform])
    assert run.stand_up_qt(made, "xcb") == "offscreen"
    assert Stamp.read(made.stamp) == Stamp("a", ("offscreen",))


# --- the command line ---


def test_the_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {verb.usage} " in printed for verb in run.VERBS.values())


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["screenshots"], ["torture"], ["torture", "sync"], ["check", "-k", "x"]],
)
def test_a_command_line_that_we_cannot_follow_ends_with_two(arguments: list[str]) -> None:
    assert run.main(arguments) == 2


def test_arguments_of_a_verb_reach_its_program() -> None:
    python = "python"
    assert run.verb_command("demo", python, ["--headless", "--out", "d"])[1:] == [
        "-m",
        "ui.demo",
        "--headless",
        "--out",
        "d",
    ]
    assert run.verb_command("app", python, [])[1:] == ["-m", "ui"]
    assert run.verb_command("server", python, ["--init"])[2:] == ["sync.server", "--init"]
    assert run.verb_command("bench", python, ["--json", "f"])[2:] == ["tests.bench", "--json", "f"]
    assert run.verb_command("test", python, ["tests/foo", "-k", "bar"])[1:] == [
        "-m",
        "pytest",
        "tests/foo",
        "-k",
        "bar",
    ]


def test_arguments_for_the_tests_may_stand_behind_two_dashes() -> None:
    assert run.test_command("python", ["--", "-x"]) == ["python", "-m", "pytest", "-x"]


def test_every_verb_but_check_becomes_a_command() -> None:
    for verb in set(run.VERBS) - {"check"}:
        assert run.verb_command(verb, "python", ["argument"])[0] == "python"


def test_check_without_tests_still_looks_at_format_lint_types_and_contracts() -> None:
    titles = [title for title, _ in run.check_commands("python", with_tests=False)]
    assert titles == ["format", "lint", "types", "import contracts"]
    titles = [title for title, _ in run.check_commands("python", with_tests=True)]
    assert titles[-1] == "tests"


def test_check_goes_on_after_a_failure_and_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    steps = [
        ("bad", [sys.executable, "-c", "raise SystemExit(3)"]),
        ("good", [sys.executable, "-c", "print('seen')"]),
    ]
    monkeypatch.setattr(run, "check_commands", lambda python, with_tests: steps)
    assert run.check("python", {}, with_tests=False) == 1
    printed = capfd.readouterr().out
    assert "seen" in printed
    assert "failed in bad" in printed
    monkeypatch.setattr(run, "check_commands", lambda python, with_tests: steps[1:])
    assert run.check("python", {}, with_tests=False) == 0


def test_run_py_needs_nothing_but_the_standard_library() -> None:
    code = "import run, sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(run.ROOT)!r}); {code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    foreign = set(done.stdout.split()) - sys.stdlib_module_names - {"run", "__main__"}
    assert {name for name in foreign if not name.startswith(("_", "__"))} == set()


def test_the_quick_start_of_the_readme_is_two_commands_and_ci_calls_the_second() -> None:
    section = (run.ROOT / "README.md").read_text(encoding="utf-8").split("## Two commands")[1]
    commands = section.split("```")[1].strip().splitlines()
    assert commands == ["python3 run.py demo", "python3 run.py test"]
    ci = (run.ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert '"$python" run.py test' in ci
