"""What a NetSuite administrator does in the account's screens, and with the vendor's tool `suitecloud`, done on the stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.by_hand.running import ENV_FILE, EnvOption, address, by_hand, fail

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
ROLE, USER, INTEGRATION = "customrole_tallybridge", "Tallybridge", "Tallybridge"
ProjectArgument = Annotated[Path, typer.Argument(help="The folder of the SuiteCloud project.")]
RoleOption = Annotated[str, typer.Option("--role", help="Script id or name of the role.")]
UserOption = Annotated[str, typer.Option("--user", help="Name of the employee.")]


def do(env: Path, action: str, **given: Any) -> dict[str, Any]:
    return by_hand(address(env, "NETSUITE_BASE_URL"), action, **given)


def files_of(folder: Path) -> dict[str, str]:
    """A project's files by their paths in it. Ends the command when there is no project."""
    if not (folder / "suitecloud.config.js").is_file():
        raise fail(f"{folder} is no SuiteCloud project: suitecloud.config.js is missing.")
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file()}


@app.command("features")
def features(env: EnvOption = ENV_FILE) -> None:
    """Enable the features, accept their terms: Setup > Company > Enable Features > SuiteCloud."""
    typer.echo(f"enabled: {', '.join(do(env, 'features')['enabled'])}")


@app.command("validate")
def validate(folder: ProjectArgument, env: EnvOption = ENV_FILE) -> None:
    """suitecloud project:validate --server"""
    typer.echo(f"{do(env, 'validate', files=files_of(folder))['objects']} objects are valid")


@app.command("deploy")
def deploy(folder: ProjectArgument, env: EnvOption = ENV_FILE) -> None:
    """suitecloud project:deploy"""
    done = do(env, "deploy", files=files_of(folder))
    typer.echo(f"{len(done['created'])} objects created, {len(done['updated'])} updated")


@app.command("objects")
def objects(env: EnvOption = ENV_FILE) -> None:
    """suitecloud object:list"""
    for line in do(env, "objects")["objects"]:
        typer.echo(line)


@app.command("integration")
def integration(name: Annotated[str, typer.Option("--name", help="Name of the record.")] = INTEGRATION, env: EnvOption = ENV_FILE) -> None:
    """Make the integration record: Setup > Integration > Manage Integrations > New. The client id is shown this once."""
    typer.echo(f"client_id {do(env, 'integration', name=name)['client_id']}")


@app.command("role-to-user")
def role_to_user(user: UserOption = USER, role: RoleOption = ROLE, env: EnvOption = ENV_FILE) -> None:
    """Give an employee access with the role: Lists > Employees > the employee > Access."""
    done = do(env, "role-to-user", user=user, role=role)
    typer.echo(f"entity {done['user']} has role {done['role']}")


@app.command("permission")
def permission(
    name: Annotated[str, typer.Argument(help="Name or key of the permission.")],
    level: Annotated[str, typer.Option("--level", help="VIEW, CREATE, EDIT or FULL.")] = "FULL",
    role: RoleOption = ROLE,
    env: EnvOption = ENV_FILE,
) -> None:
    """Add a permission to the role: Setup > Users/Roles > Manage Roles > the role > Permissions."""
    do(env, "permission", role=role, name=name, level=level)
    typer.echo(f"{role} has {name}, {level}")


@app.command("certificate")
def certificate(
    file: Annotated[Path, typer.Argument(help="The certificate, a PEM file; never the private key.")],
    user: UserOption = USER,
    role: RoleOption = ROLE,
    name: Annotated[str, typer.Option("--integration", help="Name of the integration record.")] = INTEGRATION,
    env: EnvOption = ENV_FILE,
) -> None:
    """Map the certificate: Setup > Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M) Setup > Create New."""
    made = do(env, "certificate", pem=file.read_text(encoding="utf-8"), user=user, role=role, integration=name)
    typer.echo(f"certificate_id {made['certificate_id']}\nvalid until {made['valid_until']}")
