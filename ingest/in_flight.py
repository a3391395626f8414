"""How many messages the broker lets be in flight to us, learnt from where it stops."""

from typing import Final

ROUNDS: Final = 3
"""So often in a row the broker has to stop at the same number before that counts as its limit."""
PROMPT_SECONDS: Final = 0.02
"""A broker that had more waiting sends it this soon after an acknowledgement."""
BINDING_SECONDS: Final = 5.0
"""For so long without a pause the limit has to hold back messages before it is reported."""
AMPLE: Final = 500
"""A larger limit is not reported: at 10 ms a commit it allows 50,000 messages a second."""


class InFlight:
    """Count what is unacknowledged, and learn at which number the broker waits for us.

    With MQTT 5 our Receive Maximum is such a limit, but brokers have lower ones of their own that
    no packet states: CONNACK's Receive Maximum is about the other direction. A limit learnt too
    low corrects itself, as soon as more are in flight.
    """

    def __init__(self, ceiling: int) -> None:
        """Take the limit that holds in any case."""
        self._ceiling = ceiling
        self.connected()

    def connected(self) -> None:
        """Start over on a new connection: nothing of the old one will be acknowledged."""
        self.limit = self._ceiling
        self.unacknowledged = 0
        self._peak = 0
        """At how many the broker stood when some were acknowledged; 0 once it has sent more."""
        self._acknowledged_at = 0.0
        self._last_peak = 0
        self._rounds = 0
        self._bound_since: float | None = None
        self._bound_messages = 0
        self._reported = False

    def received(self, messages: int, now: float) -> None:
        """Count messages of QoS 1 that arrived; ``now`` is of any clock that only goes forward."""
        if self._peak and messages:
            self._resumed(now)
        self.unacknowledged += messages
        if self.unacknowledged > self.limit:
            self.limit, self._rounds, self._bound_since = self._ceiling, 0, None

    def acknowledged(self, messages: int, now: float) -> None:
        """Count messages whose acknowledgement is sent."""
        self._peak = self._peak or self.unacknowledged
        self._acknowledged_at = now
        self.unacknowledged -= messages
        self._bound_messages += messages

    def held_back(self, now: float) -> float | None:
        """Return the messages per second to which a low limit holds the broker; else None.

        Once a connection, and not before the limit has bound for a while.
        """
        if self._bound_since is None or self._reported or self.limit > AMPLE:
            return None
        if (seconds := now - self._bound_since) < BINDING_SECONDS:
            return None
        self._reported = True
        return self._bound_messages / seconds

    def _resumed(self, now: float) -> None:
        peak, self._peak = self._peak, 0
        if now - self._acknowledged_at > PROMPT_SECONDS:
            self._rounds, self._bound_since = 0, None
            return
        self._rounds = self._rounds + 1 if peak == self._last_peak else 1
        self._last_peak = peak
        if self._rounds >= ROUNDS:
            self.limit = min(peak, self._ceiling)
        if peak < self.limit or self.limit == self._ceiling:
            self._bound_since = None
        elif self._bound_since is None:
            self._bound_since, self._bound_messages = now, 0
