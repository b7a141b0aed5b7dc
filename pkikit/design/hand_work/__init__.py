"""How much work renewals by hand make over ten years, and the year in which that stops working. Pure: no clock, no files."""
