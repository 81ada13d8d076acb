"""gRPC's messages tell their lengths, and keep them."""

from tests.delivery.egress.doubles import (
    PLACEHOLDER,
    SECRET,
    FixedDelivery,
    swap,
)
from tests.delivery.egress.talk import Talk, reply, request, unchunked


class TestMessages:
    """gRPC's messages tell their lengths."""

    CALL = request("/x", "Content-Type: application/grpc+proto", "Transfer-Encoding: chunked", method="POST")

    @staticmethod
    def one(message: bytes) -> bytes:
        return b"\0" + len(message).to_bytes(4) + message

    def call(self, secret: str, said: bytes) -> tuple[FixedDelivery, Talk]:
        delivery = FixedDelivery(swaps=(swap(secret=secret),))
        wire = self.one(said)
        talk = Talk(delivery).tunnel().client(self.CALL + b"%x\r\n%b\r\n" % (len(wire), wire))
        return delivery, talk

    def test_a_secret_of_the_placeholders_length_is_put_in(self) -> None:
        secret = "x" * len(PLACEHOLDER)
        _, talk = self.call(secret, b"\x0a\x24" + PLACEHOLDER.encode())
        assert self.one(b"\x0a\x24" + secret.encode()) in talk.heard_by_upstream()

    async def test_one_of_another_length_is_not_and_that_is_reported(self) -> None:
        delivery, talk = self.call(SECRET, PLACEHOLDER.encode())
        assert self.one(PLACEHOLDER.encode()) in talk.heard_by_upstream()
        await delivery.meter.flush()
        assert [record.facts["surface"] for record in delivery.ledger.records] == ["body"]

    def test_a_message_that_ends_like_a_placeholder_begins_is_sent_at_once(self) -> None:
        said = b"abc" + PLACEHOLDER[:9].encode()
        _, talk = self.call(SECRET, said)
        assert self.one(said) in talk.heard_by_upstream()

    def test_a_reply_keeps_the_lengths_of_its_messages(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
        talk.client(request("/", f"X: {PLACEHOLDER}")).upstream(reply()).heard_by_client()
        talk.client(request("/y", "TE: trailers"))
        wire = self.one(b"<" + SECRET.encode() + b">")
        talk.upstream(b"HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n")
        talk.upstream(b"%x\r\n%b\r\n0\r\n\r\n" % (len(wire), wire))
        heard = unchunked(talk.heard_by_client().partition(b"\r\n\r\n")[2])
        assert SECRET.encode() not in heard
        assert heard[:6] == wire[:6]
        assert len(heard) == len(wire)
        whole = reply(wire.decode("latin-1").encode("latin-1"), "Content-Type: application/grpc")
        heard = talk.client(request("/z")).upstream(whole).heard_by_client().partition(b"\r\n\r\n")[2]
        assert SECRET.encode() not in heard
        assert len(heard) == len(wire)
