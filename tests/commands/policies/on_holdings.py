"""What follows when somebody is given what an administrator takes out in the same moment?"""

from commands.holdings import GiveBackAttribute, GiveBackEverywhere, GiveBackMrd
from commands.policies import nobody_holds_what_is_gone as nobody
from domain.agents.facts import AttributeAssigned, MrdGranted
from domain.configuration.facts import AttributeConfigured, Retired
from domain.configuration.settings import AttributeType, RoutingAttribute
from domain.ids import AttributeId
from tests.commands.policies.situations import CHAT, MARIA

SPANISH = AttributeId("spanish")
LEVELS = AttributeConfigured(RoutingAttribute("Spanish", AttributeType.PROFICIENCY_LEVEL, 5))

SENTENCES = [  # routing 63
    (nobody.what_is_retired_is_given_back, "attribute-spanish", Retired(), [GiveBackEverywhere("attribute", SPANISH)]),
    (nobody.what_is_retired_is_given_back, "mrd-chat", Retired(), [GiveBackEverywhere("mrd", CHAT)]),
    (nobody.what_is_retired_is_given_back, "queue-sales", Retired(), []),
    (
        nobody.values_that_a_changed_attribute_lacks_are_given_back,
        "attribute-spanish",
        LEVELS,
        [GiveBackEverywhere("attribute", SPANISH)],
    ),
    (
        nobody.an_attribute_that_is_gone_is_given_back,
        "agent-maria",
        AttributeAssigned(SPANISH, 7),
        [GiveBackAttribute(MARIA, SPANISH)],
    ),
    (nobody.a_domain_that_is_gone_is_given_back, "agent-maria", MrdGranted(CHAT, 3), [GiveBackMrd(MARIA, CHAT)]),
    (nobody.a_domain_that_is_gone_is_given_back, "agent-maria", MrdGranted(CHAT, 0), []),
]
