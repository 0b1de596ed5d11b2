"""WeCom (企业微信): the decrypted messages of its archive, line by line. ``lines.parse`` is the way in."""
