"""What the pipeline foretold: how much of it is due in a period, and how near its forecasts came."""
