"""The committees' report to read: page, paper, spreadsheet and charts, all of one frozen value. Policy 90.2.17, P12."""
