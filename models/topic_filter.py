"""What an MQTT topic filter is made of, and whether two of them meet."""

from itertools import zip_longest

_MAX_BYTES = 65_535


def is_topic_filter(text: str) -> bool:
    """Tell whether the text is a topic filter (MQTT 5.0, section 4.7).

    ``+`` and ``#`` stand alone in their level, ``#`` in the last one; ``$share/group/filter`` names
    a group without wildcards.
    """
    if text.startswith("$share/"):
        group, _, text = text.removeprefix("$share/").partition("/")
        if not group or set(group) & set("+#"):
            return False
    levels = text.split("/")
    alone = all(level in {"+", "#"} for level in levels if set(level) & set("+#"))
    return bool(text) and alone and "#" not in levels[:-1] and _is_text(text)


def unshared(topic_filter: str) -> str:
    """Return the filter of a shared subscription, or the filter itself."""
    is_shared = topic_filter.startswith("$share/")
    return topic_filter.split("/", 2)[2] if is_shared else topic_filter


def prefixed(topic_filter: str, prefix: str) -> str:
    """Return the filter of the same topics with a prefix before each."""
    plain = unshared(topic_filter)
    return topic_filter.removesuffix(plain) + prefix + plain


def overlap(one: str, other: str) -> bool:
    """Tell whether there is a topic that both filters match (MQTT 5.0, section 4.7.1)."""
    for level, its in zip_longest(one.split("/"), other.split("/")):
        if "#" in {level, its}:
            return True
        if level != its and (level is None or its is None or "+" not in {level, its}):
            return False
    return True


def _is_text(text: str) -> bool:
    return "\0" not in text and len(text.encode()) <= _MAX_BYTES
