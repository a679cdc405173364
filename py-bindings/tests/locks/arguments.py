"""Arguments of acquire() with which a free lock is taken."""

import threading

ACQUIRE = [
    ((), {}),
    ((True,), {}),
    ((False,), {}),
    ((1,), {}),
    (("",), {}),
    ((True, -1), {}),
    ((False, -1), {}),
    ((True, None), {}),
    ((), {"blocking": True, "timeout": 5}),
    ((), {"timeout": 0}),
    ((), {"timeout": 1e-9}),
    ((), {"timeout": threading.TIMEOUT_MAX}),
]
