"""What every room shares: ids, columns, the plan, the ports."""
