"""What is seen of a car from one state of a live service to the next: crew, stops, laps that nobody told."""
