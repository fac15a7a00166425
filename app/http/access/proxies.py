"""Proxies in front of the service, and the address of the caller behind them."""

from collections.abc import Iterable
from ipaddress import ip_network

from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


def trust(app: FastAPI, proxies: Iterable[str]) -> None:
    """Take the caller's address from X-Forwarded-For where one of ``proxies`` sent the request.

    Of several addresses in the header the last that is no such proxy counts: what stands before it was
    written by the caller. Without proxies the header is never looked at.
    """
    trusted = [spelling for proxy in proxies for spelling in _spellings(proxy)]
    if trusted:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=trusted)


def _spellings(proxy: str) -> list[str]:
    network = ip_network(proxy, strict=False)
    if network.version == 6:
        return [str(network)]
    # A socket for both families shows IPv4 peers as IPv6 addresses.
    return [str(network), f"::ffff:{network.network_address}/{96 + network.prefixlen}"]
