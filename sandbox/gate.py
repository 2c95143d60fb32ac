"""What stands before every service: known keys, faults, permissions, and the log of calls."""

from sandbox.calllog import CallLog, LoggedCall
from sandbox.context import Context
from sandbox.faults import BEFORE_WORK, Fault, FaultRules, refusal_of
from sandbox.iam import needs
from sandbox.identities import Identities
from sandbox.permissions import Need, denied
from sandbox.protocol import Answer, Call, Refusal


class Gate:
    """The rules that hold for every service alike, whoever carries out its work."""

    def __init__(self) -> None:
        self.identities = Identities()
        self.faults = FaultRules()
        self.log = CallLog()

    def reset(self) -> None:
        """Forget keys, policies, faults and calls."""
        self.identities.reset()
        self.faults.clear()
        self.log.clear()

    def check(self, context: Context, call: Call, fault: Fault | None) -> None:
        """Return when the work may be done.

        Raises:
            Refusal: the key is unknown, a fault comes before the work, or no policy of the
                key allows what the call needs.
        """
        self._refuse_unknown_key(context, call)
        wanted = needs(context, call)
        if fault is not None and fault.kind in BEFORE_WORK:
            action = Need(f"{call.service}:{call.operation}", "*")
            raise refusal_of(fault.kind, call.service, context.caller, (wanted or [action])[0])
        for need in wanted:
            if not self.allows(call.access_key, need):
                raise denied(call.service, context.caller, need)

    def allows(self, access_key: str, need: Need) -> bool:
        """Return whether the key's policy allows it; a key without one may do everything."""
        policy = self.identities.of(access_key).policy
        return policy is None or policy.allows(need)

    def note(self, context: Context, call: Call, status: int, code: str) -> None:
        """Log an answered call; ``code`` is "" for success, ``status`` 0 for no answer."""
        self.log.add(
            LoggedCall(
                at=context.now(),
                service=call.service,
                operation=call.operation,
                access_key=call.access_key,
                account=context.account,
                region=context.region,
                request=call.request,
                status=status,
                code=code,
            )
        )

    def hung_up(self, context: Context, call: Call, fault: Fault) -> Answer:
        """Return what a caller gets whose connection is reset before the work, and log it."""
        self.note(context, call, 0, "ConnectionReset")
        return Answer(0, "", b"", reset=True, delay_s=fault.delay_s)

    def _refuse_unknown_key(self, context: Context, call: Call) -> None:
        settings, key = context.settings, call.access_key
        strange = settings.known_keys_only and not self.identities.knows(key)
        if strange or key in settings.denied_keys:
            raise Refusal(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
