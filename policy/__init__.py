"""THE RULES: P&P 90.2.17 and the law as values and pure functions. No clock, no I/O, no Temporal, no database.

Which clause lives where (every clause of ``clauses.Clause``; a test keeps this table whole):

=========  =================  =====================================================================
clause     module             what it decides
=========  =================  =====================================================================
PUR        eligibility        who is appropriately qualified and was not involved
POL-1      request            who may request, for what purpose
POL-2      determination      only a licensed physician determines
POL-3      eligibility        who may give a consultative review
POL-4      timeframes         when a determination, a notice, a report falls due (speed: faster, or later)
R1 R2 R3   request            the listed reasons, and RX for any other
R4 R5      request            the same
P1         case               opening a request gives the case manager a task (tasks, operations, duties)
P2 P3      completeness       what a referral must carry; what is missing is asked for
P4         completeness       the complete referral goes to the CMO or designee
P5 P6      determination      approve, deny, refer; the determination follows the recommendation
P6a P6b    routing            the ladder: organization; PPG, plan, out of network (then: placement)
P7         placement          the report comes and is shared (visiting: the visit before; reporting: parts)
P8         contents           what each letter says, the cost statement included
P9         filing             the packet and its place in the cabinet
P10        delegatechecks     what is found in a delegate's copy (request: its receipt starts the clock)
P11        coding             the category under which MHC counts the outcome
P12        coding             in which quarter a case counts (the report comes later)
T1 T2      third_opinion      when the first two physicians differ
=========  =================  =====================================================================
"""
