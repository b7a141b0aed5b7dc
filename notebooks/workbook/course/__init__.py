"""The course: lessons, exercises, answers, progress."""
