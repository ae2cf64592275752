"""What a page says after a form was carried out: the address carries the short word, never the sentence."""

from __future__ import annotations

NOTICES = {
    "already": "This form was sent before. Nothing was done a second time.",
    "started": "The run has been started. Its steps appear here within a few seconds.",
    "planning": "The dry run has been started. Its plan is shown here once it has gone through.",
    "applied": "The run that applies the plan has been started. Its steps appear here within a few seconds.",
    "stopped": "The run was stopped. Its report follows within a minute or two; the next run takes up the rest.",
    "paused": "The schedule is paused: no run starts by itself until somebody switches it on again.",
    "resumed": "The schedule is on again.",
    "changed": "The schedule was changed.",
    "saved": "The settings were saved; the next run takes them.",
    "instructed": "It was noted, and a run for these records alone was started; while another is in progress, the next one does it.",
    "withdrawn": "It was taken back; the next run treats the record as every other.",
    "signed": "The period was signed off; it stands in the audit with these figures.",
    "begun": "The run has been started. Its tasks appear here within a few seconds.",
    "cancelled": "The run ends before it sends anything.",
    "assigned": "It was noted who looks after it.",
    "noted": "The note was added.",
    "rotated": "The new credentials work, and the next run takes them. Take the old ones away there, once a run has gone well.",
    "planned": "The plan was made; nothing was written in NetSuite. Another person has to approve it.",
    "reversing": "A run was started that carries the reversal out; while another is in progress, start it again afterwards.",
    "moved": "The installation is bound to the other NetSuite account now; the next run works with it.",
    "same": "Nothing was changed: the settings are what they were.",
}
