"""Tasks 8 and 9: send the files one after the other, each exactly once, and follow each until it is staged (section 8, rules 7 to 9)."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime, timedelta
from typing import IO, BinaryIO, NoReturn, cast

from tallybridge.clock import stamp
from tallybridge.errors import ConfigurationError, LoginRefused, NotSent, RunInProgress, ServiceError
from tallybridge.http import TOO_MANY
from tallybridge.reporting.words import moment
from tallybridge.revenue.codes import Code, TaskFailed
from tallybridge.revenue.files import FileState, UploadedFile
from tallybridge.revenue.remedies import after_rejection, reasons
from tallybridge.revenue.work import Answer, Work, coded
from tallybridge.zuora_revenue import Upload, UploadState, UploadStatus, ZuoraRevenue
from tallybridge.zuora_revenue.answers import readable

CHUNK = 1 << 20
WAIT_FOR_TURN_SECONDS = 30
"""Pause before it is looked again whether another run has ended its uploads."""
REFUSED = {401: Code.ZR_AUTH_FAILED, 403: Code.ZR_FORBIDDEN, 405: Code.ZR_API_NOT_ENABLED, TOO_MANY: Code.UPLOAD_FAILED}
"""Answers after which the file has certainly not been taken; other 4xx are told apart by `_declined`."""
TOO_LARGE = 413


def upload(work: Work) -> Answer:
    """Send the object's next file. Raises UPLOAD_REJECTED, UPLOAD_FAILED, STAGING_FAILED, DATASET_TOO_LARGE, FILE_EXPIRED, FILE_CHANGED,
    UPLOAD_OUTCOME_UNKNOWN and the ZR_ codes."""
    files = work.files_of_object()
    if not files:
        work.count(0, 0, "No data: nothing is sent.")
        return Answer(skip=True)
    try:
        work.wiring.upload_lock().lock(work.run.run_id)
    except RunInProgress:
        work.count(0, 0, "Waits for another run's uploads to end.")
        return Answer(done=False, wait=WAIT_FOR_TURN_SECONDS)
    file = next((f for f in files if f.state is not FileState.STAGED), None)
    if file is None:
        _said(work, files)
        return Answer(skip=True)
    if file.state is FileState.SENDING:
        _unknown(work, file, "the worker that sent it did not live to see the answer")
    if file.state in (FileState.FAILED, FileState.UNKNOWN):
        raise TaskFailed(_code_of(file), f"The file {file.name} is {file.state}: {file.answer}")
    if file.state is FileState.PREPARED:
        file = _send(work, file)
    _said(work, [file if f.part == file.part else f for f in files])
    return Answer()


def _send(work: Work, file: UploadedFile) -> UploadedFile:
    with tempfile.TemporaryFile() as content:
        _fetch(work, file, content)
        client = work.wiring.revenue(work.run.connection.revenue)
        client.log_in()  # so that no login stands between the record and the request
        work.beat()
        work.wiring.upload_lock().heartbeat(work.run.run_id)
        file = work.files.move(file, [FileState.PREPARED], FileState.SENDING, sent_at=stamp(work.wiring.clock.now()))
        # From here on, until the answer is written down, whoever comes next finds SENDING and must not send again.
        try:
            answer = _post(work, client, file, content)
        except (LoginRefused, NotSent, ConfigurationError) as not_taken:
            code, message, _ = coded(not_taken)
            _not_taken(work, file, Code(code) if code in Code.__members__ else Code.UPLOAD_FAILED, message)
            raise
        except ServiceError as lost:
            _unknown(work, file, lost.message)
        return _after(work, client, file, answer)


def _post(work: Work, client: ZuoraRevenue, file: UploadedFile, content: IO[bytes]) -> Upload:
    def opened() -> BinaryIO:
        again = cast(BinaryIO, os.fdopen(os.dup(content.fileno()), "rb"))
        again.seek(0)
        return again

    send = client.upload_csv if work.run.options.upload_endpoint == "csv" else client.upload
    return send(file.template, file.name, file.bytes, opened)


def _after(work: Work, client: ZuoraRevenue, file: UploadedFile, answer: Upload) -> UploadedFile:
    """What the answer to the POST means. A 200 with an id can be followed; a 4xx was not taken, unless its id is known to be in work or
    staged; a rejection for the data was not taken either; all else is unknown, a 202 of an upload that was not asked to be asynchronous
    included."""
    text = f"{answer.status}: {answer.answer}"
    if answer.status == 200 and answer.request_id:
        return work.files.move(file, [FileState.SENDING], FileState.SENT, request_id=answer.request_id, answer=text)
    if 400 <= answer.status < 500:
        return _declined(work, client, file, answer, text)
    if answer.status == 200 and answer.declined and reasons(answer.answer, file.name):
        _not_taken(work, file, Code.STAGING_FAILED, text)
        _rejected(work, file, text)
    _unknown(work, file, f"the answer has no request id ({text})" if answer.status == 200 else text)


def _declined(work: Work, client: ZuoraRevenue, file: UploadedFile, answer: Upload, text: str) -> UploadedFile:
    """A 4xx. Where it carries a request id, the status of that id says why, which the answer itself need not."""
    if answer.status not in REFUSED and answer.request_id:
        why = _why(work, client, answer.request_id)
        if why.state in (UploadState.STAGED, UploadState.WORKING):
            return work.files.move(file, [FileState.SENDING], FileState.SENT, request_id=answer.request_id, answer=f"{text} {why.answer}")
        text = f"{text} {why.answer}"
    code = REFUSED.get(answer.status, Code.STAGING_FAILED if reasons(text, file.name) else Code.UPLOAD_REJECTED)
    code = Code.DATASET_TOO_LARGE if answer.status == TOO_LARGE else code
    _not_taken(work, file, code, text)
    if code is Code.STAGING_FAILED:
        _rejected(work, file, text)
    raise TaskFailed(code, f"Zuora Revenue did not take the file {file.name} ({readable(text)}).")


def _why(work: Work, client: ZuoraRevenue, request_id: str) -> UploadStatus:
    """The status of an upload that was declined; not known where Revenue has none."""
    try:
        return (client.status_csv if work.run.options.upload_endpoint == "csv" else client.status)(request_id)
    except ServiceError as silent:
        return UploadStatus(UploadState.NOT_KNOWN, silent.message)


def _rejected(work: Work, file: UploadedFile, answer: str) -> NoReturn:
    """The file was rejected for its data: the advice depends on Revenue's reason, and on whether anything else of the run
    is staged, or may be."""
    advice = after_rejection(answer, any(f.state not in (FileState.PREPARED, FileState.FAILED) for f in work.files.all()))
    text = f"Zuora Revenue rejected the file {file.name} as a whole; nothing of it is staged: {readable(answer)}"
    raise TaskFailed(Code.STAGING_FAILED, text, advice=advice)


def _not_taken(work: Work, file: UploadedFile, code: Code, answer: str) -> None:
    work.files.move(file, [FileState.SENDING], FileState.FAILED, code=str(code), answer=answer)


def _unknown(work: Work, file: UploadedFile, why: str, code: Code = Code.UPLOAD_OUTCOME_UNKNOWN) -> NoReturn:
    """Nobody can tell whether Revenue has the file: it is never sent again by itself."""
    work.files.move(file, [FileState.SENDING, FileState.SENT], FileState.UNKNOWN, code=str(code), answer=why)
    raise TaskFailed(code, f"It is not known whether Zuora Revenue took the file {file.name} ({file.rows} rows): {why}.")


def _fetch(work: Work, file: UploadedFile, content: IO[bytes]) -> None:
    """The file from the bucket to the disk. It must be the very file that was checked. Raises FILE_CHANGED, FILE_EXPIRED."""
    digest = hashlib.sha256()
    try:
        body = work.uploads.open(file.name)
    except FileNotFoundError as missing:
        text = f"The file {file.name} ({file.rows} rows) is no longer stored: its retention time has passed. It cannot be sent any more."
        work.files.move(file, [FileState.PREPARED], FileState.FAILED, code=str(Code.FILE_EXPIRED), answer=text)
        raise TaskFailed(Code.FILE_EXPIRED, text) from missing
    while piece := body.read(CHUNK):
        digest.update(piece)
        content.write(piece)
    content.flush()
    if digest.hexdigest() != file.sha256:
        text = f"The file {file.name} ({file.rows} rows) is not the one that was checked; it has not been sent."
        work.files.move(file, [FileState.PREPARED], FileState.FAILED, code=str(Code.FILE_CHANGED), answer=text)
        raise TaskFailed(Code.FILE_CHANGED, text)


def confirm(work: Work) -> Answer:
    """Ask whether the file that was sent is staged. Raises STAGING_FAILED, STAGING_TIMEOUT, UPLOAD_OUTCOME_UNKNOWN."""
    files = work.files_of_object()
    file = next((f for f in files if f.state is FileState.SENT), None)
    if file is None:
        _said(work, files)
        return Answer(more=any(f.state is FileState.PREPARED for f in files))
    work.wiring.upload_lock().heartbeat(work.run.run_id)
    status = _status(work, file)
    if status.state is UploadState.FAILED:
        work.files.move(file, [FileState.SENT], FileState.FAILED, code=str(Code.STAGING_FAILED), answer=status.answer)
        _rejected(work, file, status.answer)
    if status.state is UploadState.STAGED:
        now = stamp(work.wiring.clock.now())
        done = work.files.move(file, [FileState.SENT], FileState.STAGED, staged_at=now, answer=status.answer)
        files = [done if f.part == done.part else f for f in files]
        _said(work, files)
        return Answer(more=any(f.state is FileState.PREPARED for f in files))
    waited = work.wiring.clock.now() - _time(file.sent_at, work.wiring.clock.now())
    if waited > timedelta(minutes=work.run.options.staging_minutes):
        code = Code.UPLOAD_OUTCOME_UNKNOWN if status.state is UploadState.NOT_KNOWN else Code.STAGING_TIMEOUT
        _unknown(work, file, f"it was not staged within {work.run.options.staging_minutes} minutes ({status.answer})", code)
    options = work.run.options
    wait = int(min(options.poll_most_seconds, max(options.poll_first_seconds, waited.total_seconds() / 4)))
    work.count(*_rows(files), f"Waits for {file.name} to be staged.")
    return Answer(done=False, wait=wait)


def _status(work: Work, file: UploadedFile) -> UploadStatus:
    """Where the file stands; while Revenue does not answer, it counts as in work."""
    client = work.wiring.revenue(work.run.connection.revenue)
    try:
        return (client.status_csv if work.run.options.upload_endpoint == "csv" else client.status)(file.request_id)
    except NotSent as silent:
        return UploadStatus(UploadState.WORKING, silent.message)
    except ServiceError as refused:
        _unknown(work, file, f"its status cannot be read: {refused.message}")


def _time(text: str, default: datetime) -> datetime:
    return moment(text) or default


def _rows(files: list[UploadedFile]) -> tuple[int, int]:
    return sum(f.rows for f in files), sum(f.rows for f in files if f.state is FileState.STAGED)


def _said(work: Work, files: list[UploadedFile]) -> None:
    staged = [f for f in files if f.state is FileState.STAGED]
    sent = [f for f in files if f.state in (FileState.SENT, FileState.STAGED)]
    if work.record.name == "upload":
        names = sent[-1].name if sent else ""
        work.count(sum(f.rows for f in files), sum(f.rows for f in sent), f"Sent {len(sent)} of {len(files)} files; last {names}.")
    else:
        work.count(*_rows(files), f"{len(staged)} of {len(files)} files are staged.")


def _code_of(file: UploadedFile) -> Code:
    return Code(file.code) if file.code in Code.__members__ else Code.UPLOAD_FAILED
