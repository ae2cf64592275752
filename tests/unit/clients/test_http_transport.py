"""What became of a call, and which calls are sent again (http.py)."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
import requests

from tallybridge.errors import ConfigurationError, NotSent, OutcomeUnknown, ServiceError
from tallybridge.http import MAX_RETRY_AFTER, Answer, Call, Effect, Http, RetryPolicy, pause_asked
from tests.unit.clients.scripted_service import FakeTime, Reply, ScriptedService


def call(url: str, effect: Effect, **given: object) -> Call:
    return Call("NetSuite", "POST", url + "/x", effect, "POST x", body="{}", **given)  # type: ignore[arg-type]


def closed_port() -> str:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{s.getsockname()[1]}"


@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.rule("operations.7.2.retries")
def test_a_connection_that_never_came_up_is_not_sent_and_is_tried_again(http: Http, time: FakeTime, effect: Effect) -> None:
    with pytest.raises(NotSent) as caught:
        http.send(call(closed_port(), effect))
    assert caught.value.code == "NS-NO-CONNECTION"
    assert len(time.slept) == RetryPolicy().tries - 1


def test_an_unknown_host_is_not_sent(http: Http) -> None:
    with pytest.raises(NotSent, match="cannot be reached"):
        http.send(call("http://no-such-host.invalid", Effect.ONCE), policy=RetryPolicy(tries=1))


def test_a_lost_answer_to_a_create_is_unknown_and_is_never_sent_again(service: ScriptedService, http: Http) -> None:
    service.answer = lambda r: Reply(drop=True)
    with pytest.raises(OutcomeUnknown) as caught:
        http.send(call(service.url, Effect.ONCE))
    assert caught.value.code == "NS-LOST-ANSWER"
    assert len(service.requests) == 1


@pytest.mark.parametrize(("effect", "kind"), [(Effect.READ, NotSent), (Effect.REPEATABLE, OutcomeUnknown)])
def test_a_lost_answer_to_anything_else_is_asked_for_again(
    service: ScriptedService, http: Http, effect: Effect, kind: type[ServiceError]
) -> None:
    service.replies = [Reply(drop=True)] * 2
    service.answer = lambda r: Reply(200, {"ok": 1})
    assert http.send(call(service.url, effect)).json() == {"ok": 1}
    assert len(service.requests) == 3

    service.answer = lambda r: Reply(drop=True)
    with pytest.raises(kind):
        http.send(call(service.url, effect))


def test_an_answer_cut_off_in_its_body_is_lost(service: ScriptedService, http: Http) -> None:
    service.answer = lambda r: Reply(200, {"id": "x" * 1000}, cut=10)
    with pytest.raises(OutcomeUnknown):
        http.send(call(service.url, Effect.ONCE))


def test_a_read_time_out_of_a_create_is_unknown(service: ScriptedService, http: Http) -> None:
    released = threading.Event()
    service.answer = lambda r: (released.wait(60) and Reply()) or Reply()
    with pytest.raises(OutcomeUnknown, match="time-out"):
        http.send(call(service.url, Effect.ONCE, read_seconds=0.05))
    released.set()


@pytest.mark.parametrize(
    ("effect", "status", "sends"),
    [
        (Effect.ONCE, 429, 2),
        (Effect.ONCE, 500, 1),
        (Effect.ONCE, 502, 1),
        (Effect.ONCE, 503, 1),
        (Effect.ONCE, 504, 1),
        (Effect.REPEATABLE, 503, 2),
        (Effect.READ, 500, 2),
        (Effect.READ, 429, 2),
        (Effect.READ, 400, 1),
        (Effect.READ, 404, 1),
        (Effect.REPEATABLE, 501, 1),
        (Effect.READ, 302, 1),
    ],
)
@pytest.mark.rule("operations.7.2.retries")
def test_which_status_is_sent_again(service: ScriptedService, http: Http, effect: Effect, status: int, sends: int) -> None:
    service.replies = [Reply(status, headers={"Location": service.url + "/elsewhere"})]
    service.answer = lambda r: Reply(200)
    assert http.send(call(service.url, effect)).status == (200 if sends == 2 else status)
    assert len(service.requests) == sends


def test_pauses_grow_with_full_jitter_and_a_cap(service: ScriptedService, http: Http, time: FakeTime) -> None:
    service.answer = lambda r: Reply(429)
    assert http.send(call(service.url, Effect.ONCE), policy=RetryPolicy(tries=8)).status == 429
    assert time.slept == [1, 2, 4, 8, 16, 30, 30]  # half (the luck of this test) of 2, 4, ... 60


def test_a_burst_of_refusals_costs_a_worker_no_try(service: ScriptedService, http: Http, time: FakeTime) -> None:
    service.replies = [*(Reply(429) for _ in range(8)), Reply(503), Reply(503)]
    service.answer = lambda r: Reply(200)
    http.deadline = time.now + 300
    assert http.send(call(service.url, Effect.READ), policy=RetryPolicy(tries=3)).status == 200
    assert sum(time.slept) > 60


def test_a_call_of_one_try_is_not_repeated(service: ScriptedService, http: Http, time: FakeTime) -> None:
    service.answer = lambda r: Reply(429)
    http.deadline = time.now + 100
    assert http.send(call(service.url, Effect.ONCE), policy=RetryPolicy(tries=1)).status == 429
    assert (time.slept, len(service.requests)) == ([], 1)


def test_a_burst_that_outlasts_the_worker_is_its_answer(service: ScriptedService, http: Http, time: FakeTime) -> None:
    service.answer = lambda r: Reply(429)
    http.deadline = time.now + 100
    assert http.send(call(service.url, Effect.ONCE), policy=RetryPolicy(tries=3)).status == 429
    assert 80 < sum(time.slept) < 100


def test_retry_after_is_honoured_and_spread(service: ScriptedService, http: Http, time: FakeTime) -> None:
    service.replies = [Reply(429, headers={"Retry-After": "7"})]
    service.answer = lambda r: Reply(200)
    http.send(call(service.url, Effect.ONCE))
    assert time.slept == [7.5]


def test_a_pause_longer_than_the_bound_is_not_slept(service: ScriptedService, http: Http, time: FakeTime) -> None:
    service.answer = lambda r: Reply(429, headers={"Retry-After": str(int(MAX_RETRY_AFTER) + 1)})
    assert http.send(call(service.url, Effect.READ)).status == 429
    assert time.slept == []


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "Mon, 02 Feb 2026 02:40:10 GMT"}, 10.0),
        ({"Retry-After": "Mon, 02 Feb 2026 02:39:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"RateLimit-Reset": "9", "RateLimit-Remaining": "0"}, 9.0),
        ({"RateLimit-Reset": "9", "RateLimit-Remaining": "12"}, None),
    ],
)
def test_how_a_service_asks_for_a_pause(headers: dict[str, str], seconds: float | None) -> None:
    assert pause_asked(headers, 1_770_000_000.0) == seconds


def test_no_call_starts_after_the_deadline(service: ScriptedService, http: Http, time: FakeTime) -> None:
    http.deadline = time.now + 0.1
    with pytest.raises(NotSent) as caught:
        http.send(call(service.url, Effect.ONCE))
    assert caught.value.code == "OUT-OF-TIME"
    assert service.requests == []


def test_invocations_of_one_process_have_deadlines_of_their_own(service: ScriptedService, http: Http, time: FakeTime) -> None:
    service.answer = lambda r: Reply(200)
    late = http.until(time.now - 1)
    with pytest.raises(NotSent):
        late.send(call(service.url, Effect.READ))
    assert http.until(time.now + 60).send(call(service.url, Effect.READ)).status == 200
    assert http.send(call(service.url, Effect.READ)).status == 200
    assert late.session is http.session


def test_no_pause_reaches_past_the_deadline(service: ScriptedService, http: Http, time: FakeTime) -> None:
    service.answer = lambda r: Reply(503)
    http.deadline = time.now + 4  # pauses would be 1, 2, 4 ... seconds
    assert http.send(call(service.url, Effect.READ)).status == 503
    assert time.slept == [1, 2]


def test_an_answer_is_not_waited_for_beyond_the_deadline(service: ScriptedService) -> None:
    http = Http()
    released = threading.Event()
    service.answer = lambda r: (released.wait(60) and Reply()) or Reply()
    http.deadline = http.clock() + 0.7
    with pytest.raises(OutcomeUnknown):
        http.send(call(service.url, Effect.ONCE, read_seconds=60))
    assert http.clock() < http.deadline + 30, "the service answers after 60 s at the earliest"
    released.set()


def test_an_address_that_is_none_is_a_configuration_error(http: Http) -> None:
    with pytest.raises(ConfigurationError) as caught:
        http.send(Call("Zuora", "GET", "rest.zuora.com/x", Effect.READ, "GET x"))
    assert caught.value.place == "base_url"


class Notes:
    """An observer that writes down what it is told, and stops the worker at a chosen moment."""

    def __init__(self, stop_at: str = "") -> None:
        self.told: list[str] = []
        self.stop_at = stop_at

    def before(self, call: Call) -> None:
        self._note(f"before {call.operation}")

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        self._note(f"after {status}")

    def _note(self, text: str) -> None:
        self.told.append(text)
        if text == self.stop_at:
            raise KeyboardInterrupt


def test_the_observer_is_told_before_and_after_each_send(service: ScriptedService, http: Http) -> None:
    http.observer = notes = Notes()
    service.replies = [Reply(drop=True), Reply(503)]
    service.answer = lambda r: Reply(200)
    http.send(call(service.url, Effect.READ))
    assert notes.told == ["before POST x", "after None", "before POST x", "after 503", "before POST x", "after 200"]


@pytest.mark.parametrize(("moment", "sent"), [("before POST x", 0), ("after 200", 1)])
def test_an_observer_can_end_the_worker_on_either_side_of_an_effect(service: ScriptedService, http: Http, moment: str, sent: int) -> None:
    http.observer = Notes(moment)
    service.answer = lambda r: Reply(200)
    with pytest.raises(KeyboardInterrupt):
        http.send(call(service.url, Effect.ONCE))
    assert len(service.requests) == sent


class CountedSlots:
    def __init__(self, waits: bool = False) -> None:
        self.held = 0
        self.throttles = 0
        self.asked: list[float | None] = []
        self.waits = waits
        self.ends: list[bool] = []

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        self.held += 1
        try:
            yield
        except ServiceError as lost:
            self.ends.append(lost.going_on)
            raise
        finally:
            self.held -= 1

    def throttled(self, asked: float | None = None) -> bool:
        self.throttles += self.held
        self.asked.append(asked)
        return self.waits


def test_a_slot_is_held_during_each_send_and_not_while_pausing(service: ScriptedService, http: Http) -> None:
    slots = CountedSlots()
    held_while_served: list[int] = []
    held_while_pausing: list[int] = []
    http.sleep = lambda s: held_while_pausing.append(slots.held)
    replies = [Reply(429), Reply(429), Reply(200)]

    def answer(request: object) -> Reply:
        held_while_served.append(slots.held)
        return replies.pop(0)

    service.answer = answer
    http.send(call(service.url, Effect.ONCE), slots=slots)
    assert held_while_served == [1, 1, 1]
    assert held_while_pausing == [0, 0]
    assert (slots.held, slots.throttles) == (0, 2)


def test_a_refusal_is_no_try_where_the_slots_see_to_the_waiting(service: ScriptedService, http: Http, time: FakeTime) -> None:
    slots = CountedSlots(waits=True)
    replies = [Reply(429, {}, {"Retry-After": "7"}), *(Reply(400, {"code": "LIMIT"}) for _ in range(20)), Reply(503), Reply(200)]
    service.answer = lambda r: replies.pop(0)
    policy = RetryPolicy(tries=2)
    answer = http.send(call(service.url, Effect.READ), slots=slots, policy=policy, too_many=lambda a: a.status == 400)
    assert answer.status == 200
    assert (slots.throttles, slots.asked) == (21, [7.0, *[None] * 20])
    assert time.slept == [1.0]


@pytest.mark.parametrize("effect", [Effect.READ, Effect.ONCE])
@pytest.mark.parametrize(
    ("trouble", "going_on"),
    [("silence", True), ("half an answer, then silence", True), ("dropped", False), ("half an answer, then dropped", False)],
)
def test_who_stops_waiting_says_that_the_call_may_still_be_going_on(
    service: ScriptedService, http: Http, effect: Effect, trouble: str, going_on: bool
) -> None:
    slots, silence = CountedSlots(), threading.Event()
    cut = 2 if trouble.startswith("half") else None
    ends_in_silence = trouble.endswith("silence")
    service.answer = lambda r: Reply(200, {"a": 1}, drop=trouble == "dropped", cut=cut, silence=silence if ends_in_silence else None)
    with pytest.raises(NotSent if effect is Effect.READ else OutcomeUnknown) as lost:
        http.send(call(service.url, effect, read_seconds=0.2 if ends_in_silence else 60.0), slots=slots, policy=RetryPolicy(tries=1))
    silence.set()
    assert (lost.value.going_on, slots.ends, slots.held) == (going_on, [going_on], 0)


def test_a_connection_that_never_came_up_leaves_nothing_going_on(http: Http) -> None:
    slots = CountedSlots()
    with pytest.raises(NotSent):
        http.send(call(closed_port(), Effect.ONCE), slots=slots, policy=RetryPolicy(tries=1))
    assert slots.ends == [False]


class NumberedSigner:
    def __init__(self, helps: bool) -> None:
        self.signed = 0
        self.helps = helps

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self.signed += 1
        request.headers["Authorization"] = f"signature {self.signed}"
        return request

    def refused(self, request: requests.PreparedRequest) -> bool:
        return self.helps


@pytest.mark.parametrize(("helps", "sends"), [(True, 2), (False, 1)])
def test_a_401_is_signed_anew_once(service: ScriptedService, http: Http, helps: bool, sends: int) -> None:
    service.answer = lambda r: Reply(401)
    assert http.send(call(service.url, Effect.ONCE), signer=NumberedSigner(helps)).status == 401
    assert [r.headers["Authorization"] for r in service.requests] == [f"signature {n + 1}" for n in range(sends)]


def test_every_repeat_is_signed_anew(service: ScriptedService, http: Http) -> None:
    service.replies = [Reply(503), Reply(drop=True)]
    service.answer = lambda r: Reply(200)
    http.send(call(service.url, Effect.READ), signer=NumberedSigner(True))
    assert len({r.headers["Authorization"] for r in service.requests}) == 3


def test_amounts_are_read_digit_for_digit() -> None:
    assert str(Answer(200, {}, b'{"amount": 0.10}').json()["amount"]) == "0.10"


def test_cookies_are_not_kept_and_netrc_is_not_used(
    service: ScriptedService, http: Http, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:
        file.write("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", netrc)
    service.answer = lambda r: Reply(200, headers={"Set-Cookie": "session=1"})
    for _ in range(2):
        http.send(call(service.url, Effect.READ))
    assert "Cookie" not in service.requests[1].headers
    assert "Authorization" not in service.requests[1].headers


def test_the_proxy_of_the_environment_is_taken_host_by_host_and_read_once(
    service: ScriptedService, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", service.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    http.send(call("http://far.invalid", Effect.READ))
    http.send(call(service.url, Effect.READ))
    read: list[str] = []
    monkeypatch.setattr(http.session, "merge_environment_settings", lambda url, *_: read.append(url))
    http.until(http.clock() + 600).send(call("http://far.invalid", Effect.READ))
    assert [r.headers["Host"] == "far.invalid" for r in service.requests] == [True, False, True]
    assert not read
