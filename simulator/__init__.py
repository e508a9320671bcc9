"""A telephone exchange in a box: it knows the server only as a carrier does, by HTTP and TwiML."""
