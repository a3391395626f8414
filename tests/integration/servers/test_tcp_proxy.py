"""The proxy forwards, cuts, restores, stalls and resumes."""

import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from tests.servers.ports import LOOPBACK, free_port
from tests.servers.proxy import TcpProxy
from tests.servers.waiting import wait_until

WAIT_S = 5.0
SILENCE_S = 0.2


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    """A proxy before a server that sends each line back."""
    with EchoServer((LOOPBACK, 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with TcpProxy(LOOPBACK, server.server_address[1]) as proxy:
            yield proxy
        server.shutdown()


@pytest.fixture
def client(proxy: TcpProxy) -> Iterator[socket.socket]:
    """A connection through the proxy."""
    with connect(proxy) as client:
        yield client


def connect(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection((LOOPBACK, proxy.url_port), timeout=WAIT_S)


def echo(client: socket.socket, line: bytes) -> bytes:
    client.sendall(line)
    return client.recv(1024)


def test_forwards_both_ways(proxy: TcpProxy, client: socket.socket) -> None:
    """What goes in comes out, and the connection is counted."""
    assert echo(client, b"hello\n") == b"hello\n"
    assert proxy.connections == 1
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1024) == b""
    wait_until(lambda: proxy.connections == 0, seconds=WAIT_S, what="connection ended")


def test_cut_closes_and_refuses_until_restored(proxy: TcpProxy, client: socket.socket) -> None:
    """A cut ends connections and refuses new ones; the port is the same after it."""
    assert echo(client, b"hello\n") == b"hello\n"
    proxy.cut()
    assert client.recv(1024) == b""
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.cut()  # twice is once
    proxy.restore()
    with connect(proxy) as again:
        assert echo(again, b"again\n") == b"again\n"


def test_stall_forwards_nothing_and_loses_nothing(proxy: TcpProxy, client: socket.socket) -> None:
    """A stall keeps old and new connections open, silent both ways; a resume delivers all."""
    assert echo(client, b"hello\n") == b"hello\n"
    proxy.stall()
    client.sendall(b"held\n")
    with connect(proxy) as late:
        late.sendall(b"late\n")
        for silent in (client, late):
            silent.settimeout(SILENCE_S)
            with pytest.raises(TimeoutError):
                silent.recv(1024)
            silent.settimeout(WAIT_S)
        proxy.resume()
        assert client.recv(1024) == b"held\n"
        assert late.recv(1024) == b"late\n"


def test_cut_ends_a_stall(proxy: TcpProxy, client: socket.socket) -> None:
    """What a stall held back does not arrive after a cut."""
    assert echo(client, b"hello\n") == b"hello\n"
    proxy.stall()
    client.sendall(b"never\n")
    proxy.cut()
    assert client.recv(1024) == b""
    proxy.restore()
    with connect(proxy) as again:
        assert echo(again, b"again\n") == b"again\n"


def test_unreachable_target_ends_the_connection() -> None:
    """A connection whose target refuses is closed."""
    with TcpProxy(LOOPBACK, free_port()) as proxy, connect(proxy) as client:
        assert client.recv(1024) == b""


def test_through_keeps_the_rest_of_the_url(proxy: TcpProxy) -> None:
    """Only host and port change in a URL."""
    there = proxy.through("postgresql://user:secret@db:5432/fleet?sslmode=disable")
    assert there == f"postgresql://user:secret@{LOOPBACK}:{proxy.url_port}/fleet?sslmode=disable"
    assert proxy.through("mqtt://broker") == f"mqtt://{LOOPBACK}:{proxy.url_port}"
