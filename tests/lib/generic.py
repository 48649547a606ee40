# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own generic client, ynl, with an unchanged specification. It knows what
of that was driven and what came."""

import os
import sys

sys.path.insert(0, "/build/spec/ynl")

NlError = YnlFamily = None
if "LAB" not in os.environ:    # in the node; on the host there is none
    from lib import NlError, YnlFamily

NETLINK = "/build/spec/Documentation/netlink"
SCHEMA = f"{NETLINK}/genetlink-legacy.yaml"


class Client:
    """A client in the present namespace, subscribed to a multicast group."""

    def __init__(self, family, group):
        self.driven = set()     # (operation, "do" or "dump" or "event")
        self.refused = set()    # (operation, "do" or "dump")
        self.came = set()       # (operation, set of attributes, attribute)
        self.ynl = YnlFamily(f"{NETLINK}/specs/{family}.yaml", SCHEMA)
        # Subscribe first: this binds the socket, which has a port number only then.
        self.ynl.ntf_subscribe(group)

    def do(self, name, /, **attributes):
        reply = self.say(name, "do", self.ynl.do, attributes)
        return self.note(name, reply)

    def dump(self, name, /, **attributes):
        replies = self.say(name, "dump", self.ynl.dump, attributes)
        for reply in replies:
            self.note(name, reply)
        return replies

    def say(self, name, mode, how, attributes):
        try:
            replies = how(name, under_to_dash(attributes))
        except NlError:
            self.refused.add((name, mode))
            raise
        self.driven.add((name, mode))
        return replies

    def events(self):
        """The events received so far."""
        self.ynl.check_ntf()
        heard = []
        while not self.ynl.async_msg_queue.empty():
            event = self.ynl.async_msg_queue.get()
            self.driven.add((event["name"], "event"))
            heard.append(self.note(event["name"], event["msg"]))
        return heard

    def note(self, name, reply):
        self.remember(name, self.ynl.msgs[name].attr_set, reply or {})
        return reply

    def remember(self, name, attributes, said):
        for word, value in said.items():
            self.came.add((name, attributes.name, word))
            if attributes[word].type == "nest":
                for one in value if isinstance(value, list) else [value]:
                    self.remember(name, self.inside(attributes[word]), one)

    def inside(self, attribute):
        return self.ynl.attr_sets[attribute.yaml["nested-attributes"]]

    def operations(self):
        """(operation, mode) of all of the specification."""
        for name, message in self.ynl.msgs.items():
            for mode in "do", "dump", "event", "notify":
                if mode in message.yaml:
                    yield name, "event" if mode == "notify" else mode

    def not_driven(self):
        """Operations that were never accepted."""
        return sorted(set(self.operations()) - self.driven)

    def documented(self):
        """(operation, set, attribute) of all that the specification has in replies."""
        for name, message in self.ynl.msgs.items():
            for mode in "do", "dump", "event":
                said = message.yaml.get(mode) or {}
                words = (said if mode == "event" else said.get("reply", {})).get(
                    "attributes", ())
                yield from self.below(name, message.attr_set, words)

    def below(self, name, attributes, words):
        for word in words:
            if attributes[word].type == "pad":
                continue
            yield name, attributes.name, word
            if attributes[word].type == "nest":
                inner = self.inside(attributes[word])
                yield from self.below(name, inner, inner)

    def never_came(self):
        return sorted(set(self.documented()) - self.came)

    def close(self):
        self.ynl.close()


def under_to_dash(words):
    return {word.replace("_", "-"): value for word, value in words.items()}
