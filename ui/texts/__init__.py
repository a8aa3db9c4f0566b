"""What the pages say, by language; English is the measure of the others."""
