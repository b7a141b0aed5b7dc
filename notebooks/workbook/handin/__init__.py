"""Progress that learners hand in on a class server: signed by the server, verified and exported by the trainer."""
