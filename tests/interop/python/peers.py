"""What the programs share: every way in which Apache's library wraps, writes and names a message."""

from thrift.protocol.TBinaryProtocol import TBinaryProtocol, TBinaryProtocolFactory
from thrift.protocol.TCompactProtocol import TCompactProtocol, TCompactProtocolFactory
from thrift.transport import TTransport

PROTOCOLS = {
    "binary": (TBinaryProtocol, TBinaryProtocolFactory),
    "compact": (TCompactProtocol, TCompactProtocolFactory),
}
TRANSPORTS = {
    "framed": (TTransport.TFramedTransport, TTransport.TFramedTransportFactory),
    "buffered": (TTransport.TBufferedTransport, TTransport.TBufferedTransportFactory),
}
NAMES = ("plain", "multiplexed")


def ways():
    """All of them, as three words."""
    for protocol in PROTOCOLS:
        for transport in TRANSPORTS:
            for names in NAMES:
                yield protocol, transport, names
