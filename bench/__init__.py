"""What a case costs: our case beside a bare workflow of the same shape, on the same server, in the same run."""
