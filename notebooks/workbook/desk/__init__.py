"""The parts of the ticket desk: the queue, the view of a ticket, the forms of the fixes, the debrief."""
