"""The published APIs that clients speak to us, one folder each.

To add one, write its folder and a line in `DIALECTS`. A dialect translates: vendor JSON to core and
back, and nothing else.
"""

from strongroom.dialects.anthropic import ANTHROPIC
from strongroom.dialects.barndoor import BARNDOOR
from strongroom.dialects.dialect import Dialect
from strongroom.dialects.native import NATIVE
from strongroom.dialects.skyvern import SKYVERN
from strongroom.dialects.skyvern_provider import SKYVERN_PROVIDER

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (ANTHROPIC, NATIVE, SKYVERN, SKYVERN_PROVIDER, BARNDOOR)
}
