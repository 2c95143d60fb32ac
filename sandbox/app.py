"""The sandbox's SageMaker, STS and ECR on one port, and the control calls beside them."""

from sandbox.control_room import PREFIX, ControlRoom
from sandbox.dispatch import Dispatcher
from sandbox.front import Front
from sandbox.listener import HttpRequest, Listener
from sandbox.protocol import Answer


class App(Listener):
    """One port that answers AWS calls and control calls."""

    def __init__(
        self, dispatcher: Dispatcher, front: Front, *, port: int = 0, region: str = "us-west-2"
    ) -> None:
        super().__init__(self._answered, dispatcher.clock, port=port)
        self._dispatcher = dispatcher
        self._control_room = ControlRoom(dispatcher, front, region)

    def _answered(self, request: HttpRequest) -> Answer:
        if request.target.startswith(PREFIX):
            return self._control_room.answer(request.method, request.target, request.body)
        return self._dispatcher.answer(request.headers, request.body)
