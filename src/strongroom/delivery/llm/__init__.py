"""The LLM gateway: applications speak to vendors of models with a gateway key, and never hold a vendor's.

One request comes in OpenAI's or Anthropic's format; it goes to the first route that answers, with the stored secret of
its connection; the answer comes back as it is streamed. Nothing is translated: but for the model's name and what
authenticates, bytes pass as they are. Section numbers in this folder are the contract's (barndoor-credentials).
"""

from strongroom.delivery.llm.counters import Counters
from strongroom.delivery.llm.gateway import Gateway
from strongroom.delivery.llm.health import HealthNotes
from strongroom.delivery.llm.limits import Limits
from strongroom.delivery.llm.paths import PREFIX
from strongroom.delivery.llm.resting import Resting
from strongroom.delivery.llm.surroundings import Surroundings

__all__ = ["PREFIX", "Counters", "Gateway", "HealthNotes", "Limits", "Resting", "Surroundings"]
