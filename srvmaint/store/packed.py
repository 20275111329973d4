"""Messages as they are kept: JSON, deflated against what every message says.

A message is the largest thing that an alert leaves behind, and half of it is the names of its fields. Deflate may be
given such text beforehand (a preset dictionary: RFC 1950, section 2.2); what is packed names by its checksum the
dictionary that unpacks it. So a dictionary is never changed: a better one is put before it.
"""

from __future__ import annotations

import zlib
from typing import Final

_LEVEL: Final = 1
"""The fastest: a message is mostly repetition, and every level finds that."""
_HAS_DICTIONARY: Final = 0x20
"""FDICT in the second byte of what is packed; the four bytes after it are the dictionary's checksum."""
_FIRST: Final = (
    b'"conference_url":"runbook_url":"https://dashboardURL"panelURL"silenceURL"http://'
    b"Compare the alert's query and level with the figures above. The alert says otherwise, or speaks of another moment"
    b" or place. is fine hereCompare the alert with this host: Look at on which is not the machine this evidence was"
    b" taken on: nothing running here explains it.the alert is about not_this_host"
    b"See whether the kernel has killed anything: journalctl -k --since -1h | grep -i 'out of memory'"
    b"If this use is legitimate, give the host more memory, or cap the service with MemoryMax= in its unit."
    b"Restart or limit the largest process: Free memory before the OOM killer doesno checker here looks at what this"
    b' alert is aboutpython (pid  % of memory","cpu  % busy over the last  s (load  cores)'
    b'"message":"memory  % used,  GiB of  GiB available","/  % used,  GiB free, inodes  % used"'
    b'"severity_changed","new_alerts","refired","all_resolved","resolved","acknowledged","warning","info","unverified",'
    b'"contradicted","ok","unknown","skipped","details":[],"duration_ms":,"unit":"","warn":null,"crit":null},'
    b'{"name":"load1","load_per_core","memory_percent","value":,"unit":"%","warn":80.0,"crit":95.0},'
    b'{"name":"memory_available","value":,"unit":"B","warn":null,"crit":null},{"name":"memory_total",'
    b'{"name":"memory_pressure_percent","memory_pressure_full_percent",{"name":"used:/","free:/","inodes:/",'
    b'"job":"node","summary":"Instance has been for more than minutes","description":"of job",'
    b'{"kind":"firing","title":"","severity":"critical","status":"firing","host":"","verdict":"confirmed",'
    b'"verdict_reason":"","incident_id":"","run_id":"","trace_id":"","pipeline":"full","reason":"first_notification",'
    b'"started_at":1,"resolved_at":null,"sent_at":1,"alerts":[{"source":"alertmanager","fingerprint":"","name":"",'
    b'"status":"firing","severity":"critical","description":"","labels":{"alertname":"","instance":"localhost:9100",'
    b'"annotations":{},"starts_at":1,"ends_at":null,"generator_url":"http","named":true}],"alerts_total":1,'
    b'"evidence_host":"","evidence":[{"checker":"cpu","memory","disk","status":"ok","message":"","metrics":[{"name":"",'
    b'"value":0.0,"unit":"%","warn":null,"crit":null}],"duration_ms":0.1,"id":"","at":1,"details":[]}],'
    b'"recommendations":[{"type":"memory","priority":"critical","title":"","description":"","actions":[""],'
    b'"evidence":[""]}],"analysis":"local","links":{"generator":"http://'
)
_DICTIONARIES: Final = (_FIRST,)
"""The newest first."""
_BY_CHECKSUM: Final = {zlib.adler32(dictionary): dictionary for dictionary in _DICTIONARIES}


def pack(text: bytes) -> bytes:
    """Make it small."""
    packer = zlib.compressobj(_LEVEL, zdict=_DICTIONARIES[0])
    return packer.compress(text) + packer.flush()


def unpack(packed: bytes) -> bytes:
    """What was packed."""
    if not packed[1] & _HAS_DICTIONARY:
        return zlib.decompress(packed)
    return zlib.decompressobj(zdict=_BY_CHECKSUM[int.from_bytes(packed[2:6], "big")]).decompress(packed)
