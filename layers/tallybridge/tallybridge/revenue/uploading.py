"""Tasks 8 and 9: send the files one after the other, each exactly once, and follow each until it is staged (section 8, rules 7 to 9)."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime, timedelta
from typing import IO, BinaryIO, cast

from tallybridge.clock import stamp
from tallybridge.errors import ConfigurationError, LoginRefused, NotSent, RunInProgress, ServiceError
from tallybridge.http import TOO_MANY
from tallybridge.reporting.words import moment
from tallybridge.revenue.codes import Code, TaskFailed
from tallybridge.revenue.files import FileState, UploadedFile
from tallybridge.revenue.work import Answer, Work, coded
from tallybridge.zuora_revenue import Upload, UploadState, UploadStatus, ZuoraRevenue

CHUNK = 1 << 20
WAIT_FOR_TURN_SECONDS = 30
"""Pause before it is looked again whether another run has ended its uploads."""
REFUSED = {401: Code.ZR_AUTH_FAILED, 403: Code.ZR_FORBIDDEN, 405: Code.ZR_API_NOT_ENABLED, TOO_MANY: Code.UPLOAD_FAILED}
"""Answers after which the file has certainly not been taken; other 4xx are UPLOAD_REJECTED."""


def upload(work: Work) -> Answer:
    """Send the object's next file. Raises UPLOAD_REJECTED, UPLOAD_FAILED, UPLOAD_OUTCOME_UNKNOWN and the ZR_ codes."""
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
        return _after(work, file, answer)


def _post(work: Work, client: ZuoraRevenue, file: UploadedFile, content: IO[bytes]) -> Upload:
    def opened() -> BinaryIO:
        again = cast(BinaryIO, os.fdopen(os.dup(content.fileno()), "rb"))
        again.seek(0)
        return again

    send = client.upload_csv if work.run.options.upload_endpoint == "csv" else client.upload
    return send(file.template, file.name, file.bytes, opened)


def _after(work: Work, file: UploadedFile, answer: Upload) -> UploadedFile:
    """What the answer to the POST means. Only a 200 with an id can be followed; a 4xx was not taken; all else is unknown."""
    text = f"{answer.status}: {answer.answer}"
    if answer.status == 200 and answer.request_id:
        return work.files.move(file, [FileState.SENDING], FileState.SENT, request_id=answer.request_id, answer=text)
    if 400 <= answer.status < 500:
        code = REFUSED.get(answer.status, Code.UPLOAD_REJECTED)
        _not_taken(work, file, code, text)
        raise TaskFailed(code, f"Zuora Revenue did not take the file {file.name} ({text}).")
    _unknown(work, file, f"the answer has no request id ({text})" if answer.status == 200 else text)
    raise AssertionError("not reached")


def _not_taken(work: Work, file: UploadedFile, code: Code, answer: str) -> None:
    work.files.move(file, [FileState.SENDING], FileState.FAILED, code=str(code), answer=answer)


def _unknown(work: Work, file: UploadedFile, why: str, code: Code = Code.UPLOAD_OUTCOME_UNKNOWN) -> None:
    """Nobody can tell whether Revenue has the file: it is never sent again by itself."""
    work.files.move(file, [FileState.SENDING, FileState.SENT], FileState.UNKNOWN, code=str(code), answer=why)
    raise TaskFailed(code, f"It is not known whether Zuora Revenue took the file {file.name} ({file.rows} rows): {why}.")


def _fetch(work: Work, file: UploadedFile, content: IO[bytes]) -> None:
    """The file from the bucket to the disk. It must be the very file that was checked. Raises UPLOAD_FAILED."""
    digest = hashlib.sha256()
    uploads = work.uploads
    try:
        body = uploads.store.get_object(Bucket=uploads.bucket, Key=file.key)["Body"]
    except Exception as missing:
        if type(missing).__name__ != "NoSuchKey":
            raise
        raise TaskFailed(Code.UPLOAD_FAILED, f"The file {file.name} is no longer stored; its retention time has passed.") from missing
    while piece := body.read(CHUNK):
        digest.update(piece)
        content.write(piece)
    content.flush()
    if digest.hexdigest() != file.sha256:
        raise TaskFailed(Code.UPLOAD_FAILED, f"The file {file.name} is not the one that was checked; it has not been sent.")


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
        raise TaskFailed(
            Code.STAGING_FAILED, f"Zuora Revenue rejected the file {file.name} as a whole; nothing of it is staged: {status.answer}"
        )
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
        raise


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
