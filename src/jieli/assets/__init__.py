"""What the company hands out: accounts, numbers, devices, groups; who is responsible for each, who uses it, over time.

At most one responsible holder (责任人) at any instant, the company's store (公司库存) being one of them: the database
refuses a second. Where nobody is known to hold an asset, histories say 不明; nothing here fills a gap.
"""
