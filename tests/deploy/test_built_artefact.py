"""What `sam build` makes is what Lambda gets: small enough, of the right architecture, complete, and nothing that does not belong there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.building import LAYER, MACHINES, ROOT, Built, build, own_architecture, sam

pytestmark = pytest.mark.deploy
LAYER_BYTES, FUNCTION_BYTES = 60 * 2**20, 32 * 2**10
"""Most that the unzipped layer and one function may measure. Lambda takes 250 MB for both together."""
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
FOREIGN = {"boto3", "botocore", "moto", "pytest", "sandbox", "tallybridge_cli", "tests", "aws_xray_sdk"}
"""What must not lie in the layer: the runtime has boto3, the rest is not needed."""


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this test run share."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "sam"


@pytest.fixture(scope="session")
def built(base: Path) -> Built:
    """Everything, for this machine's own architecture, so that it can be imported here."""
    return build(base / "own", own_architecture())


@pytest.fixture(scope="session", params=sorted(MACHINES))
def layer(request: pytest.FixtureRequest, base: Path) -> tuple[str, Built]:
    """The layer for each architecture that the template allows: this machine's own comes with the whole build, the other is built alone."""
    if request.param == own_architecture():
        return request.param, request.getfixturevalue("built")
    return request.param, build(base / request.param, request.param, LAYER)


def test_the_template_is_valid() -> None:
    assert "is a valid SAM Template" in sam("validate", "--lint")


def test_every_binary_is_of_the_architecture_that_is_deployed(layer: tuple[str, Built]) -> None:
    architecture, made = layer
    binaries = [path for path in made.layer.rglob("*") if path.is_file() and path.open("rb").read(4) == b"\x7fELF"]
    assert {int.from_bytes(path.read_bytes()[18:20], "little") for path in binaries} == {MACHINES[architecture]}
    tags = {match[1] for path in binaries if (match := re.search(r"\.cpython-(\d+)-", path.name))}
    assert tags == {made.runtime.removeprefix("python").replace(".", "")}


def test_the_layer_is_small_and_holds_what_it_should(layer: tuple[str, Built]) -> None:
    made = layer[1].layer
    assert sum(path.stat().st_size for path in made.rglob("*") if path.is_file()) < LAYER_BYTES
    there = {path.name for path in made.iterdir()}
    pinned = re.findall(r"^([a-z0-9-]+)==", (ROOT / "layers" / "tallybridge" / "requirements.txt").read_text(), re.MULTILINE)
    recorded = {re.sub(r"[-_.]+", "-", path.name.split("-")[0]).lower() for path in made.glob("*.dist-info")}
    assert set(pinned) <= recorded
    assert (made / "tallybridge" / "wiring.py").is_file()
    assert there & FOREIGN == set()
    ours = {path.relative_to(ROOT / "layers" / "tallybridge") for path in (ROOT / "layers").rglob("*.py")}
    assert {path.relative_to(made) for path in (made / "tallybridge").rglob("*.py")} == ours
    assert [path for path in (made / "tallybridge").rglob("*.j2") if path.stat().st_size == 0] == []


def test_a_function_is_its_handler_alone(built: Built) -> None:
    made = _functions(built)
    assert sorted(made) == FUNCTIONS
    for name, folder in made.items():
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
        assert [path.name for path in files] == ["app.py"], name
        assert sum(path.stat().st_size for path in files) < FUNCTION_BYTES


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_imports_from_the_artefact_alone(built: Built, function: str, tmp_path: Path) -> None:
    """In a process that sees neither the repository nor anything that is installed; boto3 is Lambda's own and is imported at first use."""
    folder = _functions(built)[function]
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import app, tallybridge; "
        "print(callable(app.handler), tallybridge.__file__, 'boto3' in sys.modules)"
    )
    environ = {"PATH": os.environ["PATH"], "AWS_LAMBDA_FUNCTION_NAME": function, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [built.interpreter, "-I", "-S", "-c", code, str(folder), str(built.layer)],
        capture_output=True, text=True, cwd=tmp_path, env=environ, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", str(built.layer / "tallybridge" / "__init__.py"), "False"]


def _functions(built: Built) -> dict[str, Path]:
    """Where each function was built, by its folder in the repository: the one with the same handler."""
    texts = {(ROOT / "functions" / name / "app.py").read_text(): name for name in FUNCTIONS}
    assert len(texts) == len(FUNCTIONS)
    return {texts[path.read_text()]: path.parent for path in built.folder.glob("*Function/app.py")}
