"""What moto's IAM cannot be asked: what a person may do (`SimulatePrincipalPolicy`)."""

from __future__ import annotations

from moto.core.exceptions import AccessDeniedError
from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse


class Rights:
    """The rights of whoever calls: everything but the actions in `denied`. `told`: the person may ask for them."""

    denied: set[str] = set()
    told: bool = True

    @classmethod
    def reset(cls) -> None:
        cls.denied, cls.told = set(), True


def rights_can_be_asked_for() -> None:
    """moto does not know the call."""

    def simulate_principal_policy(self: IamResponse) -> ActionResult:
        if not Rights.told:
            raise AccessDeniedError("arn:aws:iam::123456789012:user/moto", "iam:SimulatePrincipalPolicy")
        names = [str(name) for name in self._get_param("ActionNames") or ()]
        answers = [{"EvalActionName": n, "EvalDecision": "implicitDeny" if n in Rights.denied else "allowed"} for n in names]
        return ActionResult({"EvaluationResults": answers, "IsTruncated": False})

    IamResponse.simulate_principal_policy = simulate_principal_policy  # type: ignore[attr-defined]
