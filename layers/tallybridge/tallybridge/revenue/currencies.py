"""Currencies as an upload file may name them: codes of ISO 4217 in capital letters, each with the digits after the point.

Revenue's own currency setup decides (RPRO-00736, RPRO-00737, RPRO-00761). ISO's list is what is known without asking; where the tenant's
setup has other digits, or currencies that ISO does not know, the option `currency_decimals` says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from tallybridge.money import quantum

ISO_4217 = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK
DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR
KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB
PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD
TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
ANG CUC HRK MRO SLL STD VEF ZWL
"""
"""National currencies in use and, in the last line, those withdrawn since 2018, which contracts outlive; no funds, metals or test codes."""
CODES = frozenset(ISO_4217.split())


def digits_of(currency: str, setup: Mapping[str, int]) -> int | None:
    """Digits after the point, None for a currency that is not known. `setup` is the option `currency_decimals`."""
    if currency in setup:
        return setup[currency]
    return -int(quantum(currency).as_tuple().exponent) if currency in CODES else None
