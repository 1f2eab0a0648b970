#!/usr/bin/env python3
"""Sets up, starts and checks Sextant. Needs python3 (3.11+) and a network, nothing else: the standard library only.

python3 dev.py install     the environment in .venv, from the lock file with hashes, and .env with a fresh secret key
python3 dev.py demo        install, then serve Sextant with sample data (PORT=8000, SEXTANT_HOST=127.0.0.1)
python3 dev.py test ...    install what tests need, then run them all; more words go to pytest (-k won)
python3 dev.py check       lint, format, templates, system check, migrations, types, tests: what CI asks
python3 dev.py format      puts imports and layout in order
"""

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
OLDEST = (3, 11)


def stop(sentence):
    """Ends with one sentence that says what to do."""
    sys.exit(f"\n{sentence}")


def run(*words, **options):
    """Runs a command in the project's folder; the exit code."""
    return subprocess.run([str(word) for word in words], cwd=ROOT, check=False, **options).returncode


# --- the environment -------------------------------------------------------------------------------------------------


def use_new_enough_python():
    """Starts anew under a newer Python when `python3` is too old and the machine has one."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])
    stop(f"Sextant needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}. Install it and try again.")


@contextmanager
def alone():
    """One set-up at a time, so that `make demo` and `make test` may start together."""
    import fcntl

    with (ROOT / ".setup.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def create_environment():
    """.venv with this Python; an environment whose Python is gone or too old is made anew."""
    version = "import sys; sys.exit(sys.version_info < (3, 11))"
    if PYTHON.exists() and run(PYTHON, "-c", version, stderr=subprocess.DEVNULL) == 0:
        return
    say("creating .venv")
    if shutil.which("uv"):
        code = run("uv", "venv", "--quiet", "--clear", "--python", sys.executable, VENV)
    else:
        code = run(sys.executable, "-m", "venv", "--clear", VENV, stdout=subprocess.DEVNULL)
    if code:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        stop(f"The environment could not be made. On Debian and Ubuntu: apt-get install {package} (or python3-venv), then again.")


def installer():
    """The command that installs into .venv: uv where it is on PATH, else pip."""
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--quiet", "--python", PYTHON]
    if run(PYTHON, "-c", "import pip", stderr=subprocess.DEVNULL) and run(PYTHON, "-m", "ensurepip", stdout=subprocess.DEVNULL):
        stop("This environment has no pip. Remove the folder .venv, or put uv on PATH, and try again.")
    return [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]


def digest(lock):
    """What a lock file holds, in short."""
    return hashlib.sha256((ROOT / "requirements" / f"{lock}.txt").read_bytes()).hexdigest()


def installed():
    """The digests of the lock files that .venv was filled from."""
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def install_packages(lock):
    """The locked set, each package by its hash. Done before with the same lock: nothing to do."""
    have = installed()
    if have.get(lock) == digest(lock):
        return
    say(f"installing requirements/{lock}.txt (once; about a minute)")
    if run(*installer(), "--require-hashes", "--no-deps", "-r", ROOT / "requirements" / f"{lock}.txt"):
        stop("The packages could not be installed; the lines above say why. Without a network this cannot work.")
    have[lock] = digest(lock)
    if lock == "dev":  # holds the runtime set too
        have["runtime"] = digest("runtime")
    STAMP.write_text(json.dumps(have))


def write_env():
    """Settings of this installation, written once and never overwritten."""
    try:
        file = os.open(ROOT / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(file, "w") as out:
        out.write("# This installation's settings; README.md lists them all. Keep the key secret.\n")
        out.write(f"SECRET_KEY={secrets.token_urlsafe(50)}\nDEBUG=false\n")


def compile_messages():
    """The translations, with Babel: no gettext needed on the machine."""
    for source in sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po")):
        target, language = source.with_suffix(".mo"), source.parent.parent.name
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        code = "from babel.messages.frontend import main; main()"
        if run(PYTHON, "-c", code, "--quiet", "compile", "-i", source, "-o", target, "-l", language):
            stop(f"{source.relative_to(ROOT)} could not be compiled.")


def set_up(lock):
    """Everything before the first command, on a fresh machine or the hundredth time."""
    with alone():
        create_environment()
        install_packages(lock)
        write_env()
        compile_messages()


def say(what):
    print(f"sextant: {what}", flush=True)


# --- the commands ----------------------------------------------------------------------------------------------------


def install(words):
    """The environment with what tests need."""
    set_up("dev")
    say("ready. Next: make demo, or make test")


def demo(words):
    """Becomes `manage.py demo`, so that Ctrl-C and signals reach it directly."""
    set_up("runtime")
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "manage.py", "demo", *words])


def testing():
    """The environment variables of tests and checks: own folder, nothing of .env."""
    return {"SEXTANT_VAR": str(ROOT / "var" / "test"), **os.environ, "SEXTANT_TESTING": "1"}


def parallel(words):
    """One test process more than cores (some tests wait), up to four, unless the caller said how many or asks for a few tests."""
    if any(word == "-n" or word.startswith(("-n", "--numprocesses", "--pdb", "tests/")) for word in words):
        return []
    return ["-n", str(min(4, 1 + (os.cpu_count() or 1))), "--dist", "loadfile", "--no-loadscope-reorder"]


def test(words):
    """All tests that this machine can run; the closing lines say what was left out and why."""
    set_up("dev")
    return run(PYTHON, "-m", "pytest", *parallel(words), *words, env=testing())


CHECKS = {
    "lint": ["-m", "ruff", "check", "."],
    "layout": ["-m", "ruff", "format", "--check", "."],
    "templates": ["-m", "djlint", "--lint", "--quiet", "."],
    "system check": ["manage.py", "check", "--fail-level", "WARNING"],
    "migrations": ["manage.py", "makemigrations", "--check", "--dry-run"],
    "types": ["-m", "mypy"],
}


def check(words):
    """Every check, to the end, so that one run names everything that is wrong."""
    set_up("dev")
    failed = []
    for name, command in CHECKS.items():
        say(name)
        if run(PYTHON, *command, env=testing()):
            failed.append(name)
    say("tests")
    if test(words):
        failed.append("tests")
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def format(words):  # noqa: A001
    """Imports and layout, as `check` wants them."""
    set_up("dev")
    return run(PYTHON, "-m", "ruff", "check", "--fix", "--quiet", ".") or run(PYTHON, "-m", "ruff", "format", ".")


COMMANDS = {command.__name__: command for command in (install, demo, test, check, format)}


def main(words):
    use_new_enough_python()
    if not words or words[0] not in COMMANDS:
        stop((__doc__ or "").strip())
    try:
        return COMMANDS[words[0]](words[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
