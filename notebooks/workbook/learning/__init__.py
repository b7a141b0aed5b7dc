"""What a learner meets in every notebook: start and end, exercises, predictions, the home page, the exam."""
