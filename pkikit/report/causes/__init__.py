"""What is wrong first, from everything that somebody brought: judged certificates, and what the logs of the archives show."""
