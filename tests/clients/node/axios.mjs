// axios, as it comes.
import axios from "axios";

const reply = await axios.get(process.argv[2], { headers: { Authorization: `Bearer ${process.env.TOKEN}` } });
console.log(JSON.stringify(reply.data));
