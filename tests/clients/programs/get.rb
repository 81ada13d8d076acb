# Net::HTTP of Ruby's standard library, through open-uri, as it comes.
require "open-uri"

puts URI.open(ARGV[0], "Authorization" => "Bearer #{ENV["TOKEN"]}").read
