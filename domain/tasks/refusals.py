"""What may not be done with a task, by whom or any more?"""

from domain.kernel import NotAllowed, WrongState


class OfferGone(WrongState):
    code = "OFFER_GONE"


class TaskOver(WrongState):
    code = "TASK_CLOSED"


class NotYourTask(NotAllowed):
    code = "NOT_YOUR_TASK"


class DeclineNotAllowed(NotAllowed):
    code = "DECLINE_NOT_ALLOWED"


class CodesNeeded(WrongState):
    code = "WRAP_UP_CODES_NEEDED"
