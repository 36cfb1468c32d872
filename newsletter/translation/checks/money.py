"""Checks that an amount stays in its currency."""

from collections.abc import Iterator, Mapping

import regex

from newsletter.translation.checks import Candidate, Finding

# How each currency is written: its sign, its code, and its name in the languages of our readers.
_CURRENCIES: Mapping[str, str] = {
    "€": "€ EUR euro ευρώ евро يورو یورو 유로 युरो 欧元 歐元 ユーロ",
    "$": "$ USD dollar dólar dòlar دولار دلار 달러 डलर 美元 ドル",
    "£": "£ GBP pound livre libra lliura إسترليني استرليني پوند 파운드 पाउन्ड पाउण्ड 英镑 英鎊 ポンド",
    "¥": "¥ JPY CNY RMB 円 元 yen yuan ien iene iuan ين يوان ین یوان 엔 위안 येन युआन 日元 人民币",
    "₩": "₩ KRW won وون 원 वन 韩元 韓元",
    "₹": "₹ INR rupee rupia rúpia roupie روبية روپیه 루피 रुपैयाँ रुपिया भारु 卢比",
}
_SIGN = "[" + "".join(_CURRENCIES) + "]"
_AMOUNT = regex.compile(
    rf"(?P<a>{_SIGN})\s?\p{{Nd}}|\p{{Nd}}\s?(?P<b>{_SIGN})|(?P<c>EUR|USD|GBP|JPY|CNY|KRW|INR)\s?\p{{Nd}}"
    rf"|\p{{Nd}}\s?(?P<d>EUR|USD|GBP|JPY|CNY|KRW|INR)\b"
)


class Currencies:
    """A currency that stands at a number, by sign or code, is in the translation by sign, code or name.

    False alarms: none; the manuals have few amounts.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        text = candidate.translation.text.casefold()
        for currency in dict.fromkeys(_currencies(candidate.original.text)):
            if not any(form.casefold() in text for form in _CURRENCIES[currency].split()):
                others = [other for other in _currencies(candidate.translation.text) if other != currency]
                became = f", but {others[0]} is" if others else ""
                yield Finding(level="warn", message=f"the currency {currency} is not in it{became}")


def _currencies(text: str) -> Iterator[str]:
    for match in _AMOUNT.finditer(text):
        written = next(found for found in match.groups() if found)
        yield next(sign for sign, forms in _CURRENCIES.items() if written in forms.split())
