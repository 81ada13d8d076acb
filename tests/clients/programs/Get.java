// java.net.http.HttpClient and HttpURLConnection. Proxy and certificates come from JAVA_TOOL_OPTIONS. The proxy's
// credentials are in no option of Java's: the program hands them over, here from HTTPS_PROXY.
import java.net.Authenticator;
import java.net.HttpURLConnection;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

class Get {
    public static void main(String[] arguments) throws Exception {
        URI url = URI.create(arguments[1]);
        String agent = URI.create(System.getenv("HTTPS_PROXY")).getUserInfo();
        String authorization = "Bearer " + System.getenv("TOKEN");
        switch (arguments[0]) {
            case "client" -> client(url, authorization, agent);
            case "connection" -> connection(url, authorization, agent.split(":", 2));
            default -> client(url, authorization, null);
        }
    }

    // With an Authenticator this client would drop the request's own Authorization, so the header is set by hand.
    static void client(URI url, String authorization, String agent) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(url).header("Authorization", authorization);
        if (agent != null) {
            String encoded = Base64.getEncoder().encodeToString(agent.getBytes(StandardCharsets.UTF_8));
            request.header("Proxy-Authorization", "Basic " + encoded);
        }
        HttpResponse<String> reply =
            HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
        System.out.println(reply.body());
        System.exit(reply.statusCode() == 200 ? 0 : 1);
    }

    static void connection(URI url, String authorization, String[] agent) throws Exception {
        Authenticator.setDefault(new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                boolean proxy = getRequestorType() == RequestorType.PROXY;
                return proxy ? new PasswordAuthentication(agent[0], agent[1].toCharArray()) : null;
            }
        });
        HttpURLConnection connection = (HttpURLConnection) url.toURL().openConnection();
        connection.setRequestProperty("Authorization", authorization);
        System.out.println(new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
}
