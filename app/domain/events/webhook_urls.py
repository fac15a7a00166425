"""Where webhooks may go: the text of an address, and the addresses that its name stands for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from app.domain.common.messages import Message

MAX_CHARS = 2000
DEFAULT_PORTS = frozenset({443})

_EXPECTED_HTTPS = "Expected an address that begins with https://."
_EXPECTED_ADDRESS = "Expected an address such as https://example.com/hooks."
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_SIX_TO_FOUR = ip_network("2002::/16")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator allows.

    Args:
        ports: ports that may be called.
        networks: networks of the company's own, such as ``10.20.0.0/16``: addresses in them may be called,
            on any port and without TLS.
    """

    ports: Collection[int] = DEFAULT_PORTS
    networks: tuple[str, ...] = ()

    def opens(self, address: Address) -> bool:
        """Tell whether an address is in a network that the operator opened."""
        return any(
            address in network
            for network in (ip_network(text, strict=False) for text in self.networks)
            if network.version == address.version
        )


class RefusedUrlError(Exception):
    """An address that must not be called: ``code`` and ``message`` say why."""

    def __init__(self, code: str, message: Message) -> None:
        super().__init__(message.id)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes, without what its name stands for."""

    is_https: bool
    host: str
    port: int


def target(url: str, rules: Rules) -> Target:
    """Read an address; whether its host may be called is for `check_addresses`.

    Raises:
        RefusedUrlError: it is not one that webhooks are sent to.

    >>> target("https://hooks.example.com/vefa?x=1", Rules())
    Target(is_https=True, host='hooks.example.com', port=443)
    >>> target("https://user:pass@hooks.example.com/", Rules())
    Traceback (most recent call last):
    app.domain.events.webhook_urls.RefusedUrlError: Leave user name and password out of the address.
    """
    if len(url) > MAX_CHARS or not url.isascii() or any(one <= " " or one == "\\" for one in url):
        raise RefusedUrlError(
            "url_malformed", Message("Expected an address of ASCII characters without blanks.")
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise RefusedUrlError("url_malformed", Message(_EXPECTED_ADDRESS)) from None
    if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not rules.networks):
        raise RefusedUrlError("url_not_https", Message(_EXPECTED_HTTPS))
    if "@" in parts.netloc:
        raise RefusedUrlError("url_user_info", Message("Leave user name and password out of the address."))
    if "#" in url:
        raise RefusedUrlError("url_fragment", Message("Leave the part after # out of the address."))
    if not host or host.endswith("..") or host.startswith("."):
        raise RefusedUrlError("url_malformed", Message(_EXPECTED_ADDRESS))
    is_https = parts.scheme == "https"
    chosen = port if port is not None else (443 if is_https else 80)
    if chosen not in rules.ports and not rules.networks:
        raise RefusedUrlError("url_port", Message("This port is not open for webhooks; use 443."))
    return Target(is_https, host.rstrip("."), chosen)


def check_addresses(where: Target, texts: Iterable[str], rules: Rules) -> list[str]:
    """Check that every address that a name stands for may be called, and return them.

    Raises:
        RefusedUrlError: there is none, or one of them may not.

    >>> check_addresses(target("https://a.example/", Rules()), ["8.8.8.8"], Rules())
    ['8.8.8.8']
    """
    addresses = [ip_address(text.partition("%")[0]) for text in texts]
    if not addresses:
        raise RefusedUrlError("url_unresolvable", Message("The host name has no address."))
    for address in addresses:
        opened = any(rules.opens(meant) for meant in (address, unwrapped(address)))
        if not opened and not is_public(address):
            raise RefusedUrlError("url_internal", Message("The host is not on the public Internet."))
        if not opened and not where.is_https:
            raise RefusedUrlError("url_not_https", Message(_EXPECTED_HTTPS))
        if not opened and where.port not in rules.ports:
            raise RefusedUrlError("url_port", Message("This port is not open for webhooks; use 443."))
    return [str(address) for address in addresses]


def is_public(address: Address) -> bool:
    """Tell whether an address, and the one that it wraps, is on the public Internet.

    >>> [is_public(ip_address(text)) for text in ("8.8.8.8", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe")]
    [True, False, False]
    """
    inner = unwrapped(address)
    return all(
        one.is_global and not (one.is_multicast or one.is_reserved or one.is_unspecified or one.is_loopback)
        for one in ((inner,) if inner != address else (address,))
    )


def unwrapped(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 address stands for (IPv4-mapped, NAT64, 6to4); else itself.

    >>> str(unwrapped(ip_address("64:ff9b::a9fe:a9fe"))), str(unwrapped(ip_address("2002:7f00:1::")))
    ('169.254.169.254', '127.0.0.1')
    """
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address((int(address) >> 80) & 0xFFFF_FFFF)
    if int(address) >> 32 == 0 and int(address) > 1:  # IPv4-compatible, of earlier times
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
