"""The ids of things. All are text: UUIDs in canonical form, or a short name that a person chose for configuration."""

from typing import NewType

CustomerId = NewType("CustomerId", str)
IdentityId = NewType("IdentityId", str)
SessionId = NewType("SessionId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
TaskId = NewType("TaskId", str)
OfferId = NewType("OfferId", str)
AgentId = NewType("AgentId", str)
AttributeId = NewType("AttributeId", str)
MrdId = NewType("MrdId", str)
QueueId = NewType("QueueId", str)
ChannelTypeId = NewType("ChannelTypeId", str)
ChannelId = NewType("ChannelId", str)
BotId = NewType("BotId", str)
ReasonId = NewType("ReasonId", str)
WrapUpFormId = NewType("WrapUpFormId", str)
CalendarId = NewType("CalendarId", str)
ListId = NewType("ListId", str)
ListItemId = NewType("ListItemId", str)
