"""File the referral form and all attachments, and send the category to MHC. Policy 90.2.17, Procedure 9 and 11."""

from temporalio import activity

from activities.ports import Cabinet, MhcFeed
from policy.coding import MhcRow
from policy.filing import Packet
from policy.particulars import Filing


class FilingSteps:
    """The steps that end a case."""

    def __init__(self, cabinet: Cabinet, mhc: MhcFeed) -> None:
        self._cabinet = cabinet
        self._mhc = mhc

    @activity.defn
    def file_packet(self, packet: Packet) -> Filing:
        """Put the packet into the cabinet, by date and alphabet (P9)."""
        return self._cabinet.file(packet)

    @activity.defn
    def send_to_mhc(self, row: MhcRow) -> None:
        """Append the case's category to the feed to MHC (P11)."""
        self._mhc.append(row)
