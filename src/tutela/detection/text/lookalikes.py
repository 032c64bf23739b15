"""Letters that look like Latin ones, taken from the data of Unicode Technical Standard 39.

Taken from `confusables.txt` of Unicode 15.0 (copyright Unicode, Inc.; Unicode License V3): the
letters that stand for one Latin letter there and that compatibility forms (NFKC) leave alone. A
capital that looks like both l and I is an i here.
"""

from __future__ import annotations

UNICODE = "15.0"
"""The version of the data that these were taken from."""

_OTHER_SCRIPTS = {
    "a": "\u0391\u03b1\u0410\u0430\u13aa\u15c5\ua4ee\U000102a0\U00016f40",
    "b": ("\u0392\u0412\u042c\u13cf\u13f4\u1472\u15af\u15f7\ua4d0\U00010282\U000102a1\U00010301"),
    "c": (
        "\u0421\u0441\u13df\u2ca4\u2ca5\ua4da\uabaf\U000102a2\U00010302\U00010415\U0001043d"
        "\U0001051c"
    ),
    "d": "\u0501\u13a0\u13e7\u146f\u15de\u15ea\ua4d2\ua4d3",
    "e": "\u0395\u0415\u0435\u04bd\u13ac\u2d39\ua4f0\U00010286\U000118a6\U000118ae",
    "f": "\u03dc\u0584\u15b4\ua4dd\U00010287\U000102a5\U00010525\U000118a2\U000118c2",
    "g": "\u050c\u0581\u13c0\u13f3\ua4d6",
    "h": "\u0397\u041d\u04bb\u0570\u13bb\u13c2\u157c\u2c8e\ua4e7\U000102cf",
    "i": ("\u0399\u03b9\u0406\u0456\u04cf\u13a5\u16c1\u2c92\ua4f2\ua647\uab75\U00010309\U000118c3"),
    "j": "\u037f\u03f3\u0408\u0458\u13ab\u148d\ua4d9",
    "k": "\u039a\u041a\u13e6\u16d5\u2c94\ua4d7\U00010518",
    "l": (
        "\u04c0\u13de\u14aa\u2cd0\u2d4f\ua4e1\U0001028a\U0001041b\U00010526\U000118a3"
        "\U000118b2\U00016f16\U00016f28"
    ),
    "m": "\u039c\u03fa\u041c\u13b7\u15f0\u16d6\u2c98\ua4df\U000102b0\U00010311",
    "n": "\u039d\u0578\u057c\u2c9a\ua4e0\U00010513",
    "o": (
        "\u039f\u03bf\u03c3\u041e\u043e\u0555\u0585\u0b20\u0d20\u101d\u10ff\u12d0\u2c9e"
        "\u2c9f\u2d54\ua4f3\U00010292\U000102ab\U00010404\U0001042c\U000104c2\U000104ea"
        "\U00010516\U000118b5\U000118c8\U000118d7"
    ),
    "p": "\u03a1\u03c1\u0420\u0440\u13e2\u146d\u2ca2\u2ca3\ua4d1\U00010295",
    "q": "\u051b\u0563\u0566\u2d55",
    "r": "\u0433\u13a1\u13d2\u1587\u1d26\u2c85\ua4e3\uab81\U000104b4\U00016f35",
    "s": (
        "\u0405\u0455\u054f\u13d5\u13da\ua4e2\uabaa\U00010296\U00010420\U00010448\U000118c1"
        "\U00016f3a"
    ),
    "t": "\u03a4\u0422\u13a2\u2ca6\ua4d4\U00010297\U000102b1\U00010315\U000118bc\U00016f0a",
    "u": ("\u03c5\u054d\u057d\u1200\u144c\ua4f4\U000104ce\U000104f6\U000118b8\U000118d8\U00016f42"),
    "v": (
        "\u03bd\u0474\u0475\u13d9\u142f\u2d38\ua4e6\ua6df\uaba9\U0001051d\U00011706"
        "\U000118a0\U000118c0\U00016f08"
    ),
    "w": "\u0461\u051c\u051d\u0561\u13b3\u13d4\ua4ea\uab83\U0001170a\U0001170e\U0001170f",
    "x": (
        "\u03a7\u0425\u0445\u1541\u157d\u16b7\u2cac\u2d5d\ua4eb\U00010290\U000102b4"
        "\U00010317\U00010527"
    ),
    "y": (
        "\u03a5\u03b3\u0423\u0443\u04ae\u04af\u10e7\u13a9\u13bd\u2ca8\ua4ec\U000102b2"
        "\U000118a4\U000118dc\U00016f43"
    ),
    "z": "\u0396\u13c3\ua4dc\uab93\U000118a9\U000118c4",
}
"""Latin letter: the letters of other scripts that look like it, small or capital."""

_LATIN = {
    "a": "\u0251",
    "b": "\u0184\ua7b4",
    "c": "\u1d04",
    "e": "\uab32",
    "f": "\u1e9d\ua798\ua799\uab35",
    "g": "\u018d\u0261\u1d83",
    "i": "\u0131\u0269\u026a",
    "j": "\ua7b2",
    "l": "\u0196\u01c0",
    "o": "\u1d0f\u1d11\uab3d",
    "r": "\u01a6\uab47\uab48",
    "s": "\u01bd\ua731",
    "u": "\u028b\u1d1c\ua79f\uab4e\uab52",
    "v": "\u1d20",
    "w": "\u026f\u1d21",
    "x": "\ua7b3",
    "y": "\u0263\u028f\u1d8c\u1eff\uab5a",
    "z": "\u1d22",
}
"""Latin letter: further Latin letters that look like it; people write no word of ours with them."""

OTHER_SCRIPTS = {ord(one): latin for latin, many in _OTHER_SCRIPTS.items() for one in many}
"""Code point of a letter of another script: the Latin letter that it looks like."""

LATIN = {one: latin for latin, many in _LATIN.items() for one in many}
"""Latin letter: the plain one that it looks like."""
